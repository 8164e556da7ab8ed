//! What may leave the engine.
//!
//! A window, a command line or a local program sees Latchkey through these types and no others. That is
//! the point of the crate: nothing in it can hold a token, a code or a callback URL, so whatever an
//! adapter does with a value, it cannot leak one. The conversion from the engine's inner types runs one
//! way, in `latchkey-engine/src/view.rs`.

mod backup;
mod browser;
mod call;
mod connection;
mod diagnosis;
pub mod discord;
mod error;
mod event;
mod health;
mod id;
mod incident;
mod operation;
mod overview;
mod prompt;
mod provider;
mod purpose;
mod sign_in;
pub mod spotify;

#[cfg(feature = "bindings")]
pub mod bindings;

pub use backup::{BackedUp, BackupEnd, ImportEnd, Imported};
pub use browser::{BrowserId, BrowserView, InvalidBrowserId};
pub use call::{CallFailure, RateScope};
pub use connection::{
    AccountView, ConnectionView, FailureView, GrantView, HistoryEntry, HistoryKind, RealmView, RenewalView,
    RestingPlace, SealedReason,
};
pub use diagnosis::{Diagnosis, DiagnosisStep, RateBudget, Sample, StepKind, StepOutcome};
pub use error::{Problem, ProblemCode};
pub use event::{Event, EventBody, Farewell, Revocation};
pub use health::{
    Activity, ActivityKind, AttentionReason, ConfigurationFault, FailureKind, GrantKind, GrantState, Health,
    HealthChange, Severity,
};
pub use id::{ConnectionId, InvalidId, ProviderId, SignInId, Timestamp};
pub use incident::{DueNotice, Incident, IncidentReason, NoticesDue};
pub use operation::Operation;
pub use overview::{Notice, NoticeKind, Overview, Protection, VaultState};
pub use prompt::{AccountMail, Prompt, PromptFault, PromptField, SignInMethod};
pub use provider::{
    AvailabilityStatus, ClientIdSource, ProviderAvailability, ProviderCategory, ProviderNeed, ProviderView,
    SetupView, VariableView,
};
pub use purpose::PurposeView;
pub use sign_in::{Keep, Redirect, SignInEnding, SignInStage, SignInView};
