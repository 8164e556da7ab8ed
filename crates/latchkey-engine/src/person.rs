//! The person behind an account at Discord: what is kept of them, the name that is shown, where the picture is.
//! Pure; the rules are those of developers/reference (image formatting) and of the names of 2023.

use latchkey_protocol::Timestamp;
use serde_json::Value;

use crate::text::displayable;

/// A person as Discord describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The immutable id, a number of 64 bits.
    pub(crate) snowflake: u64,
    /// The name by which the person is found.
    pub(crate) username: String,
    /// `0`, or four digits on an account that has not moved to the names of 2023.
    pub(crate) discriminator: String,
    /// The name the person shows.
    pub(crate) global_name: Option<String>,
    /// The hash of the picture.
    pub(crate) avatar: Option<String>,
    /// Where the picture is, also a default one.
    pub(crate) avatar_url: String,
    /// When this was found out.
    pub(crate) seen_at: Timestamp,
}

impl Person {
    /// Reads an answer of `/users/@me`; pictures are below `pictures`. `None` where it names no person.
    pub(crate) fn read(body: &Value, pictures: &str) -> Option<Self> {
        let text = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty());
        let snowflake = text("id")?.parse().ok()?;
        let discriminator = text("discriminator").filter(|digits| is_discriminator(digits)).unwrap_or("0");
        let avatar = text("avatar").filter(|hash| is_hash(hash));
        Some(Self {
            snowflake,
            username: displayable(text("username")?)?,
            discriminator: discriminator.to_owned(),
            global_name: text("global_name").and_then(displayable),
            avatar: avatar.map(str::to_owned),
            avatar_url: avatar_url(pictures, snowflake, discriminator, avatar),
            seen_at: Timestamp(0),
        })
    }

    /// The name to show: the chosen one, else the username, with the discriminator where there is one.
    pub(crate) fn name(&self) -> String {
        let name = self.global_name.as_ref().unwrap_or(&self.username);
        if self.discriminator == "0" { name.clone() } else { format!("{name}#{}", self.discriminator) }
    }
}

/// Digits and nothing that could leave its place in a name.
fn is_discriminator(digits: &str) -> bool {
    digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A hash has no character that could leave its place in a path.
fn is_hash(hash: &str) -> bool {
    hash.len() <= 128 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Animated pictures are GIFs; without one there are six default pictures, or five for an old account.
fn avatar_url(pictures: &str, snowflake: u64, discriminator: &str, avatar: Option<&str>) -> String {
    if let Some(hash) = avatar {
        let ending = if hash.starts_with("a_") { "gif" } else { "png" };
        return format!("{pictures}/avatars/{snowflake}/{hash}.{ending}?size=128");
    }
    let old = discriminator.parse::<u64>().unwrap_or(0);
    let index = if old == 0 { (snowflake >> 22) % 6 } else { old % 5 };
    format!("{pictures}/embed/avatars/{index}.png")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CDN: &str = "https://cdn.discordapp.com";

    fn read(change: impl FnOnce(&mut Value)) -> Option<Person> {
        let mut body = json!({
            "id": "812345678901234567", "username": "simuser", "discriminator": "0",
            "global_name": "Sim User", "avatar": null,
        });
        change(&mut body);
        Person::read(&body, CDN)
    }

    #[test]
    fn the_chosen_name_comes_first_and_a_discriminator_only_where_there_is_one() {
        assert_eq!(read(|_| {}).unwrap().name(), "Sim User");
        assert_eq!(read(|body| body["global_name"] = Value::Null).unwrap().name(), "simuser");
        let old = read(|body| {
            body["global_name"] = Value::Null;
            body["discriminator"] = "0042".into();
        });
        assert_eq!(old.unwrap().name(), "simuser#0042");
    }

    #[test]
    fn a_picture_is_a_png_or_an_animated_gif() {
        let url = |hash: &str| read(|body| body["avatar"] = hash.into()).unwrap().avatar_url;
        assert_eq!(url("0123"), format!("{CDN}/avatars/812345678901234567/0123.png?size=128"));
        assert_eq!(url("a_0123"), format!("{CDN}/avatars/812345678901234567/a_0123.gif?size=128"));
        assert_eq!(url("../../x"), format!("{CDN}/embed/avatars/4.png"), "no hash at all");
    }

    #[test]
    fn the_default_picture_needs_all_64_bits_of_the_id() {
        assert_eq!(read(|_| {}).unwrap().avatar_url, format!("{CDN}/embed/avatars/4.png"));
        let old = read(|body| body["discriminator"] = "0042".into()).unwrap();
        assert_eq!(old.avatar_url, format!("{CDN}/embed/avatars/2.png"));
        let largest = read(|body| body["id"] = u64::MAX.to_string().into()).unwrap();
        assert_eq!(largest.avatar_url, format!("{CDN}/embed/avatars/{}.png", (u64::MAX >> 22) % 6));
    }

    #[test]
    fn nobody_is_told_apart_from_somebody() {
        assert_eq!(read(|body| body["id"] = "not a number".into()), None);
        assert_eq!(read(|body| body["username"] = Value::Null), None);
    }
}
