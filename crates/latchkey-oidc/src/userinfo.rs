//! Claims from the userinfo endpoint: believed only for the account that the ID token names.

use serde_json::Value;

/// Why a userinfo answer is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserInfoError {
    /// It names no account.
    #[error("the answer about the account does not name it")]
    Nameless,
    /// It is about somebody else (OpenID Connect Core 5.3.2).
    #[error("the answer is about another account")]
    OtherSubject,
}

/// Compares the `sub` of a userinfo answer with that of the ID token (R76).
pub fn check_subject(userinfo: &Value, subject: &str) -> Result<(), UserInfoError> {
    match userinfo.get("sub").and_then(Value::as_str) {
        None => Err(UserInfoError::Nameless),
        Some(found) if found == subject => Ok(()),
        Some(_) => Err(UserInfoError::OtherSubject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r76_an_answer_about_somebody_else_is_dropped() {
        let about = |text: &str| check_subject(&serde_json::from_str(text).unwrap(), "ada");
        assert_eq!(about(r#"{"sub":"ada","name":"Ada"}"#), Ok(()));
        assert_eq!(about(r#"{"sub":"Ada"}"#), Err(UserInfoError::OtherSubject));
        assert_eq!(about(r#"{"sub":7}"#), Err(UserInfoError::Nameless));
        assert_eq!(about(r#"{"name":"Ada"}"#), Err(UserInfoError::Nameless));
    }
}
