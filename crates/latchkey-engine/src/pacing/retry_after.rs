//! `Retry-After` (RFC 9110 10.2.3) as it is met: seconds, fractions of them, or a date.

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use latchkey_protocol::Timestamp;

/// The shortest wait a provider may ask for, in milliseconds.
const LEAST_MS: i64 = 1_000;
/// The longest wait before a sign-in is renewed, in milliseconds: an hour. Longer ones would let it end.
const LONGEST_MS: i64 = 3_600_000;
/// The longest wait before an API is called again, in milliseconds: a day. Waits of hours are met (Spotify).
const LONGEST_FOR_CALLS_MS: i64 = 86_400_000;

/// What a provider asks: to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// For so many milliseconds.
    For(i64),
    /// Until this moment by the provider's clock, whose present time it does not tell.
    Until(Timestamp),
}

impl RetryAfter {
    /// What the headers of an answer ask for; `None` where nothing can be understood. A date counts from the
    /// answer's own `Date` where there is one: then neither clock need be right.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        Self::read_up_to(headers, LONGEST_MS)
    }

    /// The same for calls of an API, in milliseconds: nobody loses a sign-in by waiting longer there.
    pub(crate) fn for_calls_ms(headers: &HeaderMap, provider_now: Timestamp) -> Option<i64> {
        Self::read_up_to(headers, LONGEST_FOR_CALLS_MS).map(|asked| match asked {
            Self::For(wait) => wait,
            Self::Until(until) => clamped(until.0.saturating_sub(provider_now.0), LONGEST_FOR_CALLS_MS),
        })
    }

    fn read_up_to(headers: &HeaderMap, longest: i64) -> Option<Self> {
        let text = text(headers, RETRY_AFTER)?;
        match text.parse::<f64>() {
            Ok(seconds) if seconds.is_finite() => Some(Self::For(clamped(milliseconds(seconds), longest))),
            Ok(_) => None,
            Err(_) => {
                let until = timestamp(text)?;
                let from = |now: Timestamp| Self::For(clamped(until.0 - now.0, longest));
                Some(date(headers).map_or(Self::Until(until), from))
            }
        }
    }

    /// Milliseconds from `provider_now`, the provider's time as far as it is known.
    pub(crate) fn wait_ms(self, provider_now: Timestamp) -> i64 {
        match self {
            Self::For(wait) => wait,
            Self::Until(until) => clamped(until.0.saturating_sub(provider_now.0), LONGEST_MS),
        }
    }
}

/// The `Date` of an answer: the provider's clock when it was written, in whole seconds (RFC 9110 6.6.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    timestamp(text(headers, DATE)?)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

fn clamped(wait: i64, longest: i64) -> i64 {
    wait.clamp(LEAST_MS, longest)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float beyond the range of i64 saturates, which is clamped anyway"
)]
pub(crate) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const ALONE: &str = "";
    const NOON: &str = "Sat, 21 Nov 2026 12:00:00 GMT";

    fn read(retry_after: &str, date: &str) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(retry_after).unwrap());
        if date != ALONE {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        RetryAfter::read(&headers)
    }

    #[test]
    fn seconds_and_fractions_of_them_are_obeyed() {
        assert_eq!(read("90", ALONE), Some(RetryAfter::For(90_000)));
        assert_eq!(read(" 1.337 ", ALONE), Some(RetryAfter::For(1_337)));
    }

    #[test]
    fn no_wait_is_shorter_than_a_second_or_longer_than_an_hour() {
        for (asked, wait) in [("0", 1_000), ("-5", 1_000), ("90000", 3_600_000), ("1e300", 3_600_000)] {
            assert_eq!(read(asked, ALONE), Some(RetryAfter::For(wait)), "{asked}");
        }
    }

    #[test]
    fn a_wait_for_calls_may_last_hours_and_at_most_a_day() {
        let for_calls = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            RetryAfter::for_calls_ms(&headers, timestamp(NOON).unwrap())
        };
        assert_eq!(for_calls("19056"), Some(19_056_000));
        assert_eq!(for_calls("1.5"), Some(1_500));
        assert_eq!(for_calls("Sat, 21 Nov 2026 17:00:00 GMT"), Some(5 * 3_600_000));
        assert_eq!(for_calls("9000000"), Some(86_400_000));
        assert_eq!(for_calls("soon"), None);
    }

    #[test]
    fn a_date_counts_from_the_answers_own_date() {
        assert_eq!(read("Sat, 21 Nov 2026 12:01:30 GMT", NOON), Some(RetryAfter::For(90_000)));
        assert_eq!(read("Sat, 21 Nov 2026 11:00:00 GMT", NOON), Some(RetryAfter::For(1_000)));
    }

    #[test]
    fn a_date_alone_counts_from_the_providers_time_as_far_as_it_is_known() {
        let until = read("Sat, 21 Nov 2026 12:01:30 GMT", ALONE).unwrap();
        let noon = timestamp(NOON).unwrap();
        assert_eq!(until.wait_ms(noon), 90_000);
        assert_eq!(until.wait_ms(noon.plus(86_400_000)), 1_000);
        assert_eq!(until.wait_ms(noon.plus(-86_400_000)), 3_600_000);
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for nonsense in ["soon", "", "NaN", "inf", "Sat, 99 Nov 2026"] {
            assert_eq!(read(nonsense, NOON), None, "{nonsense}");
        }
    }
}
