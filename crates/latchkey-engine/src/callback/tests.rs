//! The attack list on links, row by row. What needs a pending sign-in is in `tests/callback.rs`.

use secrecy::ExposeSecret;

use super::*;

const GOOD: &str = "dev.latchkey.app:/oauth/ctx1?code=C&state=T";

fn refusal(link: &str) -> Refusal {
    parse_link(link).expect_err(link)
}

#[test]
fn a_good_link_is_read() {
    let read = parse_link(GOOD).unwrap();
    assert_eq!(read.context.as_str(), "ctx1");
    assert_eq!(read.state.expose_secret(), "T");
    assert!(matches!(read.answer, Answer::Code(code) if code.expose_secret() == "C"));
}

#[test]
fn dl_04_07_08_state_and_code_occur_exactly_once() {
    assert_eq!(refusal("dev.latchkey.app:/oauth/ctx1?code=C"), Refusal::NoState);
    assert_eq!(refusal("dev.latchkey.app:/oauth/ctx1?code=C&state="), Refusal::NoState);
    assert_eq!(refusal("dev.latchkey.app:/oauth/ctx1"), Refusal::NoState);
    for twice in ["state=X", "code=X", "iss=a&iss=b", "error=a&error=b", "error_uri=a&error_uri=b"] {
        assert_eq!(refusal(&format!("{GOOD}&{twice}")), Refusal::Repeated, "{twice}");
    }
    // A parameter name in another spelling is another parameter, or the same one after decoding.
    assert_eq!(refusal(&format!("{GOOD}&%63ode=X")), Refusal::Repeated);
    assert!(parse_link(&format!("{GOOD}&Code=X&foo=1&foo=2")).is_ok());
}

#[test]
fn dl_09_code_with_error_or_neither_is_malformed() {
    for query in ["code=C&error=access_denied", "x=1", "code=", "error="] {
        let read = parse_link(&format!("dev.latchkey.app:/oauth/ctx1?state=T&{query}")).unwrap();
        assert!(matches!(read.answer, Answer::Malformed), "{query}");
    }
}

#[test]
fn dl_12_a_description_is_text_without_controls() {
    let link = "dev.latchkey.app:/oauth/ctx1?state=T&error=access_denied\
                &error_description=%3Cscript%3E%0d%0a%E2%80%AEx";
    let read = parse_link(link).unwrap();
    let Answer::Error { error, description } = read.answer else { panic!() };
    assert_eq!((error.as_str(), description.as_deref()), ("access_denied", Some("<script>x")));
}

#[test]
fn dl_16_a_token_in_the_link_is_refused() {
    for name in ["access_token", "refresh_token", "id_token"] {
        assert_eq!(refusal(&format!("{GOOD}&{name}=x")), Refusal::TokenInLink);
    }
}

#[test]
fn dl_18_to_28_only_the_exact_form_is_ours() {
    let cases = [
        ("dev.latchkey.app:/oauth/ctx1?code=C&state=T#x", Refusal::Fragment),
        ("dev.latchkey.app://oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:///oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app://user:pw@oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app://evil.example:99/oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("DEV.LATCHKEY.APP:/oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.appx:/oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("https://127.0.0.1/oauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:/OAUTH/CTX1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:/oauth/CTX1?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/oauth/ctx1/?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/oauth//ctx1?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/oauth/ctx1;x?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/oauth/../admin?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/oauth/%2e%2e/admin?code=C&state=T", Refusal::UnknownPath),
        ("dev.latchkey.app:/%6fauth/ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:/oauth\\ctx1?code=C&state=T", Refusal::NotOurs),
        ("dev.latchkey.app:/oauth/ctx1\\?code=C&state=T", Refusal::UnknownPath),
        ("", Refusal::NotOurs),
    ];
    for (link, why) in cases {
        assert_eq!(refusal(link), why, "{link}");
    }
}

#[test]
fn dl_30_to_34_no_byte_outside_printable_ascii() {
    for link in [
        format!(" {GOOD}"),
        format!("{GOOD} "),
        format!("\u{1}{GOOD}"),
        format!("{GOOD}\n"),
        GOOD.replace("code", "co\tde"),
        GOOD.replace("code=C", "code=\u{202e}C"),
        GOOD.replace("code=C", "code=a%0d%0aX:%20y"),
        GOOD.replace("code=C", "code=a%00"),
        GOOD.replace("state=T", "state=%FF"),
    ] {
        assert_eq!(refusal(&link), Refusal::BadCharacter, "{link:?}");
    }
}

#[test]
fn dl_36_long_links_are_refused_by_length_alone() {
    assert_eq!(refusal(&GOOD.replace("code=C", &format!("code={}", "x".repeat(5000)))), Refusal::TooLong);
    assert_eq!(refusal(&format!("{GOOD}&x={}", "y".repeat(8193 - GOOD.len() - 3))), Refusal::TooLong);
    assert_eq!(refusal(&format!("{GOOD}&x={}", "y".repeat(50_000_000))), Refusal::TooLong);
    assert!(parse_link(&format!("{GOOD}&x={}", "y".repeat(8192 - GOOD.len() - 3))).is_ok());
}

#[test]
fn dl_45_a_link_has_no_verbs() {
    for link in
        ["dev.latchkey.app:/open?connection=x", "dev.latchkey.app:/lend?x=1", "latchkey:/oauth/ctx1?state=T"]
    {
        assert_eq!(refusal(link), Refusal::NotOurs, "{link}");
    }
}

#[test]
fn a_refusal_says_nothing_of_the_link() {
    let told = format!("{:?} {}", refusal(&format!("{GOOD}&code=planted")), refusal("planted"));
    assert!(!told.contains("planted"));
}

#[test]
fn semicolons_do_not_separate_and_plus_is_a_space() {
    let read = parse_link("dev.latchkey.app:/oauth/ctx1?code=a;state=x&state=T+U").unwrap();
    assert_eq!(read.state.expose_secret(), "T U");
    assert!(matches!(read.answer, Answer::Code(code) if code.expose_secret() == "a;state=x"));
}
