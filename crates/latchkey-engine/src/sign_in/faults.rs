//! What was wrong with an answer, at which field: a server's refusal in a person's words.

use latchkey_protocol::{Prompt, PromptFault, PromptField};

use crate::live::Parts;
use crate::pocketbase::{RealmFault, Refusal};

pub(super) fn faults(parts: &Parts, prompt: &Prompt, refusal: &Refusal) -> Vec<PromptFault> {
    let main = match prompt {
        Prompt::EnterPassword { .. } => Some(PromptField::Password),
        Prompt::EnterAddress { .. } => Some(PromptField::Email),
        Prompt::EnterOneTimeCode { .. } => Some(PromptField::Code),
        Prompt::EnterServer { .. } | Prompt::ChooseMethod { .. } | Prompt::EnterCode { .. } => None,
    };
    let Refusal::Input { fields, .. } = refusal else { return vec![fault(parts, None, refusal)] };
    if fields.is_empty() {
        return vec![fault(parts, main, refusal)];
    }
    let named = |(name, message): &(String, String)| match field(prompt, name) {
        Some(field) => PromptFault { field: Some(field), message: message.clone(), retry_at: None },
        None => PromptFault { field: None, message: format!("{name}: {message}"), retry_at: None },
    };
    fields.iter().map(named).collect()
}

/// The field of a prompt by the name it has in the server's calls.
fn field(prompt: &Prompt, name: &str) -> Option<PromptField> {
    match (name, prompt) {
        (_, Prompt::ChooseMethod { .. }) => None,
        ("identity", _) | ("email", Prompt::EnterPassword { .. }) => Some(PromptField::Identity),
        ("email", _) => Some(PromptField::Email),
        ("password", Prompt::EnterOneTimeCode { .. }) => Some(PromptField::Code),
        ("password", _) => Some(PromptField::Password),
        (_, _) => None,
    }
}

pub(super) fn fault(parts: &Parts, field: Option<PromptField>, refusal: &Refusal) -> PromptFault {
    let said = refusal.to_string();
    let mut letters = said.chars();
    let said = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect::<String>())
        .unwrap_or_default();
    let message = if said.ends_with('.') { said } else { format!("{said}.") };
    let retry_at =
        if let Refusal::TooMany { wait_ms } = refusal { Some(parts.now().plus(*wait_ms)) } else { None };
    PromptFault { field, message, retry_at }
}

pub(super) fn misread(wrong: RealmFault) -> PromptFault {
    let (field, message) = match wrong {
        RealmFault::Server(why) => (
            PromptField::Server,
            format!("This address cannot be used: {why}. It looks like https://example.com."),
        ),
        RealmFault::Collection => {
            (PromptField::Collection, "A collection's name has letters, digits and underscores.".to_owned())
        }
    };
    PromptFault { field: Some(field), message, retry_at: None }
}
