//! Every answer that was seen of PocketBase 0.40.6, and some that no PocketBase gives.

use super::*;

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: http::HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn refused(status: u16, body: &str) -> Refusal {
    admission(reply(status, body), &[&"hunter2".into()]).unwrap_err()
}

fn said(message: &str) -> String {
    format!(r#"{{"data":{{}},"message":"{message}","status":0}}"#)
}

#[test]
fn each_refusal_is_told_apart() {
    let input = |text: &str| Refusal::Input { fields: vec![], text: text.to_owned() };
    let cases = [
        (400, "Failed to authenticate.", input("Failed to authenticate.")),
        (400, "Invalid or expired OTP.", input("Invalid or expired OTP.")),
        (400, "Invalid or expired MFA session.", Refusal::StepOver),
        (400, "Invalid MFA session.", Refusal::StepOver),
        (400, "A different authentication method is required.", Refusal::SameMethod),
        (401, "The request requires valid record authorization token.", Refusal::Dead),
        (403, "The collection is not configured to allow OTP authentication.", Refusal::MethodOff),
        (
            403,
            "The request doesn't satisfy the collection requirements to authenticate.",
            Refusal::RuleNotMet,
        ),
        (403, "The authorized record is not allowed to perform this action.", Refusal::WrongCollection),
        (403, "Elsewhere.", Refusal::Forbidden("Elsewhere.".into())),
        (404, "Missing or invalid collection context.", Refusal::NotFound),
        (429, "Too Many Requests.", Refusal::TooMany { wait_ms: 3_000 }),
        (
            429,
            "Too many attempts, please try again later with a new OTP.",
            Refusal::TooMany { wait_ms: 180_000 },
        ),
        (500, "Something went wrong.", Refusal::Fault("it answers 500".into())),
        (307, "", Refusal::Redirected),
    ];
    for (status, message, refusal) in cases {
        assert_eq!(refused(status, &said(message)), refusal, "{status} {message}");
    }
}

#[test]
fn what_is_no_pocketbase_says_nothing_about_a_sign_in() {
    for (status, body) in [(400, "<html>"), (404, "nginx"), (200, "{}"), (200, "<html>"), (418, "")] {
        assert!(matches!(refused(status, body), Refusal::Fault(_)), "{status} {body}");
    }
}

#[test]
fn faults_are_named_by_field_also_when_they_nest() {
    let body = r#"{"data":{"identity":{"code":"x","message":"Cannot be blank."},
        "mfa":{"enabled":{"code":"y","message":"No hunter2."}}},"message":"Wrong.","status":400}"#;
    let fields = vec![
        ("identity".to_owned(), "Cannot be blank.".to_owned()),
        ("mfa.enabled".to_owned(), "No ….".to_owned()),
    ];
    assert_eq!(refused(400, body), Refusal::Input { fields, text: "Wrong.".into() });
}

#[test]
fn a_401_with_an_id_is_half_a_sign_in() {
    let admission = admission(reply(401, r#"{"mfaId":"m1"}"#), &[]).unwrap();
    assert!(matches!(admission, Admission::SecondMethod { .. }), "{admission:?}");
}

#[test]
fn a_wait_that_the_server_asks_for_counts_when_it_is_longer() {
    for (asked, wait_ms) in [("1", 3_000), ("60", 60_000)] {
        let mut reply = reply(429, &said("Too Many Requests."));
        reply.headers.insert(http::header::RETRY_AFTER, asked.parse().unwrap());
        assert_eq!(granted(reply, &[]).unwrap_err(), Refusal::TooMany { wait_ms });
    }
}

#[test]
fn the_life_of_a_token_is_reckoned_by_the_clock_that_set_its_end() {
    let claims = Claims { id: "r".into(), collection_id: "c".into(), exp: 2_000, refreshable: true };
    let session =
        |date| Session { token: "t".into(), claims: claims.clone(), record: Record::default(), date };
    assert_eq!(session(Some(Timestamp(1_400_000))).life_s(Timestamp(0)), 600);
    assert_eq!(session(None).life_s(Timestamp(1_900_000)), 100);
    assert_eq!(session(None).life_s(Timestamp(9_000_000)), 0);
}
