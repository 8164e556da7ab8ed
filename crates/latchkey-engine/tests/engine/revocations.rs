//! Every form in which a provider wants to be told that a grant is over, each against one that takes no other.

use crate::odd::{CLIENT, File, Odd};
use latchkey_protocol::Revocation;
use latchkey_sandbox::{Endpoint, OddAuthentication, OddRevocation, Outcome};

const SECRET: &str = "s3cret";

fn disconnects(style: &str, form: OddRevocation) -> Revocation {
    let path = if style.starts_with("delete") { "tokens" } else { "revoke" };
    let extra = if style == "form-client-bearer" { "parameters = { account = \"{account}\" }" } else { "" };
    let rest = format!(
        "[revocation]\nurl = \"{{sandbox}}/odd/{path}\"\nstyle = \"{style}\"\n{extra}\n[keep]\naccount = {{ token = \"/account\" }}"
    );
    let client = "secret = \"required\"\nauthentication = [\"post\"]";
    let file = File { client, rest: rest.leak(), ..File::default() };
    let odd = Odd::with_secret(&file, Some(SECRET), |odd| {
        odd.authentication = OddAuthentication::Post;
        odd.revocation = form;
        odd.answer_extra = [("account".to_owned(), "ada".into())].into();
    });
    odd.save(CLIENT, SECRET).unwrap();
    let connection = odd.sign_in_at(&[]);
    let revocation = odd.disconnect(connection.id);
    if revocation == Revocation::Confirmed {
        assert_eq!(odd.last(Endpoint::Revoke), Outcome::Accepted, "{style}");
        assert_eq!(odd.sandbox.grants()[0].live_access_tokens, 0, "{style}");
    }
    revocation
}

#[test]
fn each_provider_is_told_in_its_own_form() {
    let styles = [
        ("rfc7009", OddRevocation::Rfc7009),
        ("delete-json-basic", OddRevocation::DeleteJsonBasic),
        ("delete-bearer", OddRevocation::DeleteBearer),
        ("post-bearer", OddRevocation::PostBearer),
        ("form-bearer", OddRevocation::FormBearer),
        ("form-access", OddRevocation::FormAccess),
        ("json-access", OddRevocation::JsonAccess),
        ("json-client", OddRevocation::JsonClient),
        ("json-camel", OddRevocation::JsonCamel),
        ("json-client-header", OddRevocation::JsonClientHeader),
        ("form-client-bearer", OddRevocation::FormClientBearer),
    ];
    for (style, form) in styles {
        assert_eq!(disconnects(style, form), Revocation::Confirmed, "{style}");
    }
}

#[test]
fn the_form_with_the_client_in_the_header_ends_the_whole_grant() {
    assert_eq!(disconnects("json-basic", OddRevocation::JsonBasic), Revocation::Confirmed);
}

#[test]
fn a_form_that_the_provider_does_not_take_is_no_confirmation() {
    assert_eq!(disconnects("form-access", OddRevocation::JsonAccess), Revocation::Unconfirmed);
}
