//! SIGKILL at chosen moments, then a new start: never a wrong state, never a needless sign-in.

use latchkey_rig::wait;
use latchkey_sandbox::{Endpoint, Fault, Moment, Release, Rotation};

use crate::stage::{HEALTHY, PATIENCE, SIGN_IN, Stage};

fn rotating(grace_seconds: u64) -> Rotation {
    Rotation::Rotate { grace_seconds, reuse_detection: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_browser_is_open_the_link_starts_the_app_and_completes() {
    let mut stage = Stage::new().await;
    stage.page().click(SIGN_IN).await.unwrap();
    let tab = stage.consent().await;
    stage.kill();
    // The browser hands the link to the desktop, which starts the app with it: a cold start.
    tab.page.click("#agree").await.unwrap();
    stage.requests(Endpoint::Token, 1).await;
    stage.wait_for_items(2);
    assert_eq!(stage.refusals(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_the_exchange_nothing_says_connected() {
    let mut stage = Stage::new().await;
    stage.control().set_fault(Endpoint::Token, Fault::Hold { moment: Moment::After }, 1);
    stage.page().click(SIGN_IN).await.unwrap();
    stage.agree("ada").await;
    let held = stage.held(Endpoint::Token).await;
    stage.kill();
    stage.control().release(held.sequence, Release::Drop);
    stage.open().await;
    stage.page().wait_for(SIGN_IN).await.unwrap();
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 0);
    // The answer was lost, so this is the one case that needs a new sign-in; it works.
    stage.sign_in("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_account_is_known_the_sign_in_is_taken_up_without_a_new_consent() {
    let mut stage = Stage::new().await;
    stage.control().set_fault(Endpoint::Userinfo, Fault::Hold { moment: Moment::Before }, 1);
    stage.page().click(SIGN_IN).await.unwrap();
    stage.agree("ada").await;
    let held = stage.held(Endpoint::Userinfo).await;
    stage.kill();
    stage.control().release(held.sequence, Release::Drop);
    stage.open().await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    assert_eq!(stage.control().requests_to(Endpoint::Authorize).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_a_refresh_the_sign_in_is_kept_wherever_it_can_be() {
    for (moment, grace) in [(Moment::Before, 0), (Moment::After, 60)] {
        let mut stage = Stage::new().await;
        stage.control().change_settings(|settings| {
            settings.access_token_life_seconds = 4;
            settings.rotation = rotating(grace);
        });
        stage.sign_in("ada").await;
        stage.control().set_fault(Endpoint::Refresh, Fault::Hold { moment }, 1);
        let held = stage.held(Endpoint::Refresh).await;
        stage.control().change_settings(|settings| settings.access_token_life_seconds = 3600);
        stage.kill();
        stage.control().release(held.sequence, Release::Drop);
        stage.open().await;
        stage.page().wait_for(HEALTHY).await.unwrap();
        stage.requests(Endpoint::Refresh, 2).await;
        assert_eq!(stage.refusals(), Vec::<String>::new(), "{moment:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_or_ended_by_the_system_during_a_refresh_it_ends_when_the_answer_is_saved() {
    for by_the_system in [false, true] {
        let mut stage = Stage::new().await;
        stage.control().change_settings(|settings| settings.access_token_life_seconds = 4);
        stage.sign_in("ada").await;
        // What the refresh brings lives long, so that however slow the machine is there is no second one.
        stage.control().change_settings(|settings| settings.access_token_life_seconds = 3600);
        stage.control().set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::After }, 1);
        let held = stage.held(Endpoint::Refresh).await;
        if by_the_system {
            stage.window().terminate().unwrap();
        } else {
            stage.press_the_close_button();
        }
        stage.control().release(held.sequence, Release::Continue);
        stage.ended();
        stage.open().await;
        stage.page().wait_for(HEALTHY).await.unwrap();
        assert_eq!(stage.control().requests_to(Endpoint::Refresh).len(), 1);
        assert_eq!(stage.refusals(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_answer_is_lost_for_good_the_card_says_exactly_that() {
    let mut stage = Stage::new().await;
    stage.control().change_settings(|settings| settings.access_token_life_seconds = 4);
    stage.sign_in("ada").await;
    stage.control().set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::After }, 1);
    let held = stage.held(Endpoint::Refresh).await;
    stage.kill();
    stage.control().release(held.sequence, Release::Drop);
    stage.open().await;
    stage.page().wait_for(r#"[data-connection][data-health="attention"]"#).await.unwrap();
    let card = stage.page().text("[data-connection]").await.unwrap();
    assert!(card.contains("Reconnect") && card.to_lowercase().contains("never arrived"), "{card}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_ten_arbitrary_moments_it_is_healthy_each_time() {
    let mut stage = Stage::new().await;
    stage.control().change_settings(|settings| {
        settings.access_token_life_seconds = 2;
        settings.rotation = rotating(60);
    });
    stage.sign_in("ada").await;
    for round in 0..10_u64 {
        // From "at once" to "in the middle of the next refresh", by the sandbox's own count of requests.
        let seen = stage.control().requests_to(Endpoint::Refresh).len();
        if round % 2 == 0 {
            let more = || Ok((stage.control().requests_to(Endpoint::Refresh).len() > seen).then_some(()));
            wait::closely("the next refresh", PATIENCE, more).unwrap();
        }
        stage.kill();
        stage.open().await;
        stage.page().wait_for(r#"[data-connection][data-health="connected"]"#).await.unwrap();
    }
    assert!(stage.control().grants().iter().all(|grant| grant.revoked.is_none()));
}
