//! An endpoint that answers with a redirect is not followed: what it was sent is for it alone (F27).

use crate::support::{MINUTE, World};
use latchkey_protocol::{
    ConfigurationFault, GrantState, ProblemCode, Revocation, Severity, SignInEnding, SignInStage,
};
use latchkey_sandbox::{Endpoint, Fault};

fn assert_not_followed(world: &World) {
    assert_eq!(world.sandbox.requests_to(Endpoint::Elsewhere).len(), 0);
}

fn redirect(world: &World, endpoint: Endpoint) {
    world.sandbox.set_fault(endpoint, Fault::Redirect { to: None }, 1);
}

#[test]
fn f27_a_refresh_token_stays_with_the_endpoint_it_was_sent_to() {
    let world = World::connected();
    redirect(&world, Endpoint::Refresh);
    world.clock.advance(55 * MINUTE);
    world.until("misconfigured", |overview| {
        let misconfigured = ConfigurationFault::EndpointRedirects;
        let grant = &overview.connections[0].health.grant;
        matches!(grant, GrantState::Misconfigured { fault, .. } if *fault == misconfigured)
    });
    assert_not_followed(&world);
    world.advance_until("healed", MINUTE, |overview| {
        overview.connections[0].health.severity == Severity::Healthy
    });
    assert_eq!(world.refreshes()[0], world.refreshes()[1]);
}

#[test]
fn f27_nor_does_a_code_travel_on() {
    let world = World::new();
    redirect(&world, Endpoint::Token);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("failed", |overview| {
        let stages = overview.providers.iter().filter_map(|provider| provider.sign_in.as_ref());
        let failed = |stage: &SignInStage| {
            matches!(stage, SignInStage::Ended { ending: SignInEnding::Failed { problem } }
                if problem.code == ProblemCode::Misconfigured)
        };
        stages.map(|sign_in| &sign_in.stage).any(failed)
    });
    assert_not_followed(&world);
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
}

#[test]
fn f27_nor_an_access_token() {
    let world = World::connected();
    redirect(&world, Endpoint::Userinfo);
    assert_eq!(world.check().unwrap_err().code, ProblemCode::Temporary);
    assert_not_followed(&world);
    assert_eq!(world.grant(), GrantState::Connected);
}

#[test]
fn f27_nor_a_token_that_is_to_be_revoked_and_nothing_is_claimed() {
    let world = World::connected();
    redirect(&world, Endpoint::Revoke);
    let id = world.connection().id;
    assert_eq!(world.disconnect(id), Revocation::Unconfirmed);
    assert_not_followed(&world);
}
