//! Query and form parameters that keep repetitions, since RFC 6749 forbids them and somebody has to notice.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

/// Parameters in the order they arrived, decoded.
///
/// In JSON an object of strings; a name that was sent more than once has an array of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of a name. An empty value counts as absent (RFC 6749 3.1, 3.2).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Every value of a name.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every name and value, in the order they arrived.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name that was sent more than once.
    pub fn repeated(&self) -> Option<&str> {
        self.iter().map(|(name, _)| name).find(|name| self.all(name).count() > 1)
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object: BTreeMap<&str, serde_json::Value> = BTreeMap::new();
        for (name, _) in self.iter() {
            let values: Vec<&str> = self.all(name).collect();
            let value = if let [only] = values.as_slice() { (*only).into() } else { values.into() };
            object.insert(name, value);
        }
        object.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_stay_visible() {
        let params = Params::parse(b"a=1&b=x%20y&a=2&c=");
        assert_eq!(params.repeated(), Some("a"));
        assert_eq!(params.value("b"), Some("x y"));
        assert_eq!(params.value("c"), None);
        let json = serde_json::to_value(&params).unwrap();
        assert_eq!(json, serde_json::json!({"a": ["1", "2"], "b": "x y", "c": ""}));
    }
}
