//! Renders the TypeScript declarations that the window compiles against.
//!
//! `ui/src/lib/api/bindings.ts` is committed; `tests/bindings.rs` fails when it differs from this text.

use ts_rs::{Config, TS};

use crate::{
    AccountMail, AccountView, Activity, ActivityKind, AttentionReason, AvailabilityStatus, BackedUp,
    BackupEnd, BrowserId, BrowserView, ClientIdSource, ConfigurationFault, ConnectionId, ConnectionView,
    Diagnosis, DiagnosisStep, DueNotice, Event, EventBody, FailureKind, FailureView, Farewell, GrantKind,
    GrantState, GrantView, Health, HealthChange, HistoryEntry, HistoryKind, ImportEnd, Imported, Incident,
    IncidentReason, Keep, Notice, NoticeKind, NoticesDue, Operation, Overview, Problem, ProblemCode, Prompt,
    PromptFault, PromptField, Protection, ProviderAvailability, ProviderCategory, ProviderId, ProviderNeed,
    ProviderView, PurposeView, RateBudget, RateScope, RealmView, Redirect, RenewalView, RestingPlace,
    Revocation, Sample, SealedReason, SetupView, Severity, SignInEnding, SignInId, SignInMethod, SignInStage,
    SignInView, StepKind, StepOutcome, Timestamp, VariableView, VaultState,
};

macro_rules! declarations {
    ($config:expr, $($type:ty),* $(,)?) => {
        [$(declaration::<$type>($config),)*]
    };
}

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().map(|docs| format!("{}\n", docs.trim_end())).unwrap_or_default();
    format!("{docs}export {}\n", T::decl(config))
}

/// The whole file.
pub fn typescript() -> String {
    let config = Config::default();
    let types = declarations!(
        &config,
        Timestamp,
        ProviderId,
        ConnectionId,
        SignInId,
        BrowserId,
        Operation,
        Overview,
        VaultState,
        Protection,
        Notice,
        NoticeKind,
        ProviderView,
        ClientIdSource,
        SetupView,
        PurposeView,
        ProviderCategory,
        ProviderAvailability,
        AvailabilityStatus,
        ProviderNeed,
        VariableView,
        BrowserView,
        ConnectionView,
        AccountView,
        RealmView,
        GrantView,
        RenewalView,
        FailureView,
        RestingPlace,
        SealedReason,
        HistoryEntry,
        HistoryKind,
        Health,
        Severity,
        GrantState,
        AttentionReason,
        ConfigurationFault,
        Activity,
        FailureKind,
        HealthChange,
        GrantKind,
        ActivityKind,
        Diagnosis,
        DiagnosisStep,
        StepKind,
        StepOutcome,
        RateBudget,
        RateScope,
        Sample,
        NoticesDue,
        DueNotice,
        Incident,
        IncidentReason,
        SignInView,
        SignInStage,
        Prompt,
        SignInMethod,
        PromptFault,
        PromptField,
        AccountMail,
        SignInEnding,
        Redirect,
        Keep,
        Problem,
        ProblemCode,
        Event,
        EventBody,
        Farewell,
        Revocation,
        BackedUp,
        BackupEnd,
        Imported,
        ImportEnd,
    );
    format!(
        "// Generated from crates/latchkey-protocol. Do not edit: `script/types` writes it.\n\n{}",
        types.join("\n")
    )
}
