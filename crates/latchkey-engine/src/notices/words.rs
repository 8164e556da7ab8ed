//! Notices in words: provider, account, consequence, remedy.

use std::collections::BTreeMap;

use latchkey_protocol::{
    AttentionReason, ConfigurationFault, ConnectionId, ConnectionView, DueNotice, GrantState, IncidentReason,
    Timestamp,
};

use super::rules::{DAY_MS, Due};
use crate::choices::called;

/// One notice of everything that is due; none where nothing is.
pub(crate) fn notice(
    due: &[Due],
    views: &BTreeMap<ConnectionId, ConnectionView>,
    now: Timestamp,
) -> Option<DueNotice> {
    let told: Vec<_> = due
        .iter()
        .filter_map(|due| Some((due, views.get(&due.incident.connection)?)))
        .map(|(due, view)| (due, title(view, due.incident.reason, now), view))
        .collect();
    let (title, body) = match told.as_slice() {
        [] => return None,
        [(due, title, view)] => (title.clone(), body(view, due.incident.reason)),
        several => {
            let lines: Vec<_> = several.iter().map(|(_, title, _)| format!("{title}.")).collect();
            (format!("{} of your connections need a look", several.len()), lines.join("\n"))
        }
    };
    Some(DueNotice {
        title,
        body,
        reminder: told.iter().all(|(due, ..)| due.reminder),
        incidents: told.iter().map(|(due, ..)| due.incident.clone()).collect(),
    })
}

fn title(view: &ConnectionView, reason: IncidentReason, now: Timestamp) -> String {
    let what = match reason {
        IncidentReason::SignInNeeded { .. } => "sign in again".to_owned(),
        IncidentReason::Misconfigured { .. } => "a setting is wrong".to_owned(),
        IncidentReason::Stale => "cannot be renewed".to_owned(),
        IncidentReason::RateLimited => "the provider asks to wait".to_owned(),
        IncidentReason::Expiring { .. } => ends_in(view, now),
    };
    let account = called(view.alias.as_deref(), &view.account.name);
    format!("{} · {account}: {what}", view.provider_name)
}

fn ends_in(view: &ConnectionView, now: Timestamp) -> String {
    let left = match view.health.grant {
        GrantState::Expiring { ends_at } => ends_at.0.saturating_sub(now.0),
        GrantState::Connected
        | GrantState::Limited { .. }
        | GrantState::Attention { .. }
        | GrantState::Misconfigured { .. }
        | GrantState::Disconnecting => 0,
    };
    match left / DAY_MS {
        0 => "the sign-in ends within a day".to_owned(),
        1 => "the sign-in ends tomorrow".to_owned(),
        days => format!("the sign-in ends in {days} days"),
    }
}

fn body(view: &ConnectionView, reason: IncidentReason) -> String {
    let name = &view.provider_name;
    match reason {
        IncidentReason::SignInNeeded { reason } => {
            format!("{} No program can use it until you reconnect.", why(reason, name))
        }
        IncidentReason::Misconfigured { fault } => {
            format!("{} Your sign-in is kept. Open Latchkey to see what to set.", what(fault, name))
        }
        IncidentReason::Stale => {
            let message = view.renewal.last_failure.as_ref().map(|failure| failure.message.as_str());
            let message = message.unwrap_or("the provider does not answer");
            format!("Access has run out: {message}. Your sign-in is kept and Latchkey goes on trying.")
        }
        IncidentReason::RateLimited => {
            format!(
                "{name} has been asking to wait for over an hour. Your sign-in is kept; there is nothing to do."
            )
        }
        IncidentReason::Expiring { .. } => {
            format!(
                "{name} ends every sign-in after a while. Reconnect before then and nothing is interrupted."
            )
        }
    }
}

fn why(reason: AttentionReason, name: &str) -> String {
    match reason {
        AttentionReason::RevokedOrExpired => format!("{name} no longer accepts this sign-in."),
        AttentionReason::LostRotation => {
            format!("{name} changed the sign-in and its answer never arrived.")
        }
        AttentionReason::GrantEnded => format!("{name} has ended this sign-in after its time."),
        AttentionReason::NotRenewable => format!("Access has ended, and {name} gave no way to renew it."),
        AttentionReason::Unreadable => "The stored sign-in cannot be read.".to_owned(),
        AttentionReason::MemoryOnly => "It was kept in memory only and ended with Latchkey.".to_owned(),
        AttentionReason::RolledBack => "An older copy of Latchkey's database was put back.".to_owned(),
        AttentionReason::EndedTogether => {
            "Another connection of the same account was disconnected, which ended this one too.".to_owned()
        }
        AttentionReason::IdentityChanged => {
            format!("{name} renewed it as the sign-in of another account.")
        }
        AttentionReason::HandedOver => "It was exported for another computer.".to_owned(),
    }
}

fn what(fault: ConfigurationFault, name: &str) -> String {
    match fault {
        ConfigurationFault::ClientRefused => format!("{name} does not accept the client id."),
        ConfigurationFault::ClientIdMissing => "There is no client id.".to_owned(),
        ConfigurationFault::RequestRefused => format!("{name} does not accept the request."),
        ConfigurationFault::EndpointRedirects => format!("{name}'s token endpoint answers with a redirect."),
        ConfigurationFault::CertificateUntrusted => {
            format!("{name}'s certificate is not trusted on this computer.")
        }
        ConfigurationFault::ProxyCredentials => "The proxy wants a name and a password.".to_owned(),
        ConfigurationFault::ProviderMissing => format!("The provider file of {name} is missing."),
        ConfigurationFault::TokensRefused => format!("{name}'s API refuses the tokens that {name} issues."),
    }
}
