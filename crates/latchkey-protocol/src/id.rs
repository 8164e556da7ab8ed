//! Identifiers and points in time, each a type of its own so that no two can be swapped by mistake.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This point in time moved by `milliseconds`, which may be negative.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

impl Timestamp {
    /// Reads `2026-11-20T21:14:09.482Z` or the same with an offset (RFC 3339 5.6); `None` when it is something
    /// else. What is finer than a millisecond is cut off.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-')?;
        let zone = time.find(['Z', 'z', '+', '-'])?;
        let (time, zone) = time.split_at(zone);
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [hour, minute, second] = numbers(time, ':')?;
        let milliseconds: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let offset = if zone.eq_ignore_ascii_case("z") {
            0
        } else {
            let [hours, minutes] = numbers(zone.get(1..)?, ':')?;
            (if zone.starts_with('-') { -1 } else { 1 }) * (hours * 60 + minutes)
        };
        let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && (0..=9999).contains(&year);
        let minutes = (days_of(year, month, day) * 24 + hour) * 60 + minute - offset;
        (in_range && hour < 24 && minute < 60 && second <= 60)
            .then_some(Self((minutes * 60 + second) * 1000 + milliseconds))
    }
}

fn numbers<const COUNT: usize>(text: &str, between: char) -> Option<[i64; COUNT]> {
    let parts: Option<Vec<i64>> = text.split(between).map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// The day since 1970 of a date; the inverse of [`civil`].
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Display for Timestamp {
    /// `2026-11-21 08:00:00 UTC`, the proleptic Gregorian calendar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000) / 1000);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant, chrono-compatible low-level date algorithms).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Counted from March, so that the leap day is the last of its year.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Why a text is not an identifier: wrong length or a character outside `a-z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId(pub String);

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an id is 1 to 64 of the characters a-z, 0-9, '-' and '_' and begins with a letter or digit, got {} bytes",
            self.0.len()
        )
    }
}

impl std::error::Error for InvalidId {}

fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b == b'-' || b == b'_')
        && text.bytes().next().is_some_and(plain)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as it is written in files, rows and paths.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_id(&text) { Ok(Self(text)) } else { Err(InvalidId(text)) }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;
            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names a provider file: `spotify`.
    ProviderId
}
id! {
    /// Names one signed-in account at a provider, for as long as it stays connected.
    ConnectionId
}
id! {
    /// Names one attempt to sign in. It is not the OAuth `state`, which stays in the engine.
    SignInId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_plain_and_starts_with_a_letter_or_digit() {
        for good in ["spotify", "a", "my-server_2", "0"] {
            assert!(ProviderId::try_from(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "_x", "Spotify", "a/b", "a b", "é", "../x", &"a".repeat(65)] {
            assert!(ProviderId::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_point_in_time_is_written_as_a_date() {
        for (at, written) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (1_795_248_000_000, "2026-11-21 08:00:00 UTC"),
            (1_709_208_061_999, "2024-02-29 12:01:01 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(Timestamp(at).to_string(), written);
        }
    }

    #[test]
    fn dates_of_providers_are_read() {
        for (text, at) in [
            ("2026-11-20T21:14:09.482Z", Some(1_795_209_249_482)),
            ("2026-11-28T06:00:00.000000+00:00", Some(1_795_845_600_000)),
            ("2026-11-28T07:30:00+01:30", Some(1_795_845_600_000)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-13-28T06:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(Timestamp::from_rfc3339(text), at.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn a_bad_id_is_refused_when_read() {
        assert!(serde_json::from_str::<ConnectionId>("\"../../etc\"").is_err());
        assert!(serde_json::from_str::<ConnectionId>("\"c-1\"").is_ok());
    }
}
