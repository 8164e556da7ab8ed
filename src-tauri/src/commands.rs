//! One function per operation, each an adapter: ask the engine, hand on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use latchkey_engine::{ClientSecret, Passphrase, PromptAnswer};
use latchkey_protocol::{
    AccountMail, BackedUp, BrowserId, BrowserView, ConnectionId, ConnectionView, Diagnosis, Event,
    HistoryEntry, Imported, Keep, Overview, Problem, ProviderId, ProviderView, Redirect, SignInId,
    SignInView,
};
use tauri::ipc::Channel;
use tauri::{AppHandle, State};

use crate::desk::Desk;
use crate::{browsers, outside, presenter};

type Answer<T> = Result<T, Problem>;

#[tauri::command]
pub(crate) async fn overview(desk: State<'_, Desk>) -> Answer<Overview> {
    presenter::overview(&desk).await
}

#[tauri::command]
pub(crate) async fn watch(app: AppHandle, desk: State<'_, Desk>, channel: Channel<Event>) -> Answer<()> {
    presenter::forward(&app, &desk, channel).await
}

#[tauri::command]
pub(crate) async fn begin_sign_in(
    app: AppHandle,
    desk: State<'_, Desk>,
    provider: ProviderId,
    variables: BTreeMap<String, String>,
    keep: Keep,
    redirect: Option<Redirect>,
    purposes: Option<Vec<String>>,
) -> Answer<SignInView> {
    let engine = desk.engine().await?;
    let (view, url) = engine.begin_sign_in(provider, variables, keep, redirect, purposes).await?;
    outside::open_sign_in(&app, engine, &view.id, url.as_ref(), None).map(|()| view)
}

#[tauri::command]
pub(crate) async fn reconnect(
    app: AppHandle,
    desk: State<'_, Desk>,
    connection: ConnectionId,
    redirect: Option<Redirect>,
    further: Vec<String>,
) -> Answer<SignInView> {
    let engine = desk.engine().await?;
    let (view, url) = engine.reconnect(connection, redirect, further).await?;
    outside::open_sign_in(&app, engine, &view.id, url.as_ref(), None).map(|()| view)
}

#[tauri::command]
pub(crate) async fn answer_prompt(
    app: AppHandle,
    desk: State<'_, Desk>,
    sign_in: SignInId,
    answer: PromptAnswer,
) -> Answer<()> {
    let engine = desk.engine().await?;
    let url = engine.answer_prompt(sign_in.clone(), answer).await?;
    outside::open_sign_in(&app, engine, &sign_in, url.as_ref(), None)
}

#[tauri::command]
pub(crate) fn browsers() -> Vec<BrowserView> {
    browsers::installed()
}

#[tauri::command]
pub(crate) async fn choose_browser(
    desk: State<'_, Desk>,
    connection: ConnectionId,
    browser: Option<BrowserId>,
) -> Answer<ConnectionView> {
    desk.engine().await?.choose_browser(connection, browser).await
}

#[tauri::command]
pub(crate) async fn rename(
    desk: State<'_, Desk>,
    connection: ConnectionId,
    alias: String,
) -> Answer<ConnectionView> {
    desk.engine().await?.rename(connection, &alias).await
}

#[tauri::command]
pub(crate) async fn cancel_sign_in(desk: State<'_, Desk>, sign_in: SignInId) -> Answer<()> {
    desk.engine().await?.cancel_sign_in(sign_in).await
}

#[tauri::command]
pub(crate) async fn open_sign_in_page(
    app: AppHandle,
    desk: State<'_, Desk>,
    sign_in: SignInId,
    browser: Option<BrowserId>,
) -> Answer<()> {
    let engine = desk.engine().await?;
    outside::open_sign_in(&app, engine, &sign_in, Some(&engine.sign_in_link(&sign_in)?), browser)
}

#[tauri::command]
pub(crate) async fn copy_sign_in_link(
    app: AppHandle,
    desk: State<'_, Desk>,
    sign_in: SignInId,
) -> Answer<()> {
    outside::copy(&app, desk.engine().await?.sign_in_link(&sign_in)?.to_string())
}

#[tauri::command]
pub(crate) async fn diagnose(desk: State<'_, Desk>, connection: ConnectionId) -> Answer<Diagnosis> {
    desk.engine().await?.diagnose(connection).await
}

#[tauri::command]
pub(crate) async fn copy_diagnosis(
    app: AppHandle,
    desk: State<'_, Desk>,
    connection: ConnectionId,
) -> Answer<()> {
    outside::copy(&app, desk.engine().await?.diagnosis_text(&connection)?)
}

#[tauri::command]
pub(crate) async fn check(desk: State<'_, Desk>, connection: ConnectionId) -> Answer<ConnectionView> {
    desk.engine().await?.check(connection).await
}

#[tauri::command]
pub(crate) async fn request_mail(
    desk: State<'_, Desk>,
    connection: ConnectionId,
    mail: AccountMail,
) -> Answer<()> {
    desk.engine().await?.request_mail(connection, mail).await
}

#[tauri::command]
pub(crate) async fn impersonate(
    desk: State<'_, Desk>,
    connection: ConnectionId,
    collection: String,
    record: String,
    seconds: u32,
) -> Answer<ConnectionView> {
    desk.engine().await?.impersonate(connection, &collection, &record, seconds).await
}

#[tauri::command]
pub(crate) async fn disconnect(desk: State<'_, Desk>, connection: ConnectionId) -> Answer<()> {
    desk.engine().await?.disconnect(connection).await
}

#[tauri::command]
pub(crate) async fn forget(desk: State<'_, Desk>, connection: ConnectionId) -> Answer<()> {
    desk.engine().await?.forget(connection).await
}

#[tauri::command]
pub(crate) async fn save_client(
    desk: State<'_, Desk>,
    provider: ProviderId,
    variables: BTreeMap<String, String>,
    client_id: String,
    client_secret: ClientSecret,
) -> Answer<ProviderView> {
    desk.engine().await?.save_client(provider, variables, client_id, client_secret).await
}

#[tauri::command]
pub(crate) async fn copy_redirect_uri(
    app: AppHandle,
    desk: State<'_, Desk>,
    provider: ProviderId,
) -> Answer<()> {
    outside::copy(&app, desk.engine().await?.redirect_uri(&provider)?)
}

#[tauri::command]
pub(crate) async fn open_register_page(
    app: AppHandle,
    desk: State<'_, Desk>,
    provider: ProviderId,
) -> Answer<()> {
    outside::open(&app, &desk.engine().await?.register_page(&provider)?)
}

#[tauri::command]
pub(crate) async fn open_manage_page(
    app: AppHandle,
    desk: State<'_, Desk>,
    connection: ConnectionId,
) -> Answer<()> {
    outside::open(&app, &desk.engine().await?.manage_page(&connection)?)
}

#[tauri::command]
pub(crate) async fn history(desk: State<'_, Desk>, connection: ConnectionId) -> Answer<Vec<HistoryEntry>> {
    desk.engine().await?.history(connection).await
}

#[tauri::command]
pub(crate) async fn protect_with_passphrase(desk: State<'_, Desk>, passphrase: Passphrase) -> Answer<()> {
    desk.engine().await?.protect_with_passphrase(passphrase).await
}

#[tauri::command]
pub(crate) async fn change_passphrase(desk: State<'_, Desk>, old: Passphrase, new: Passphrase) -> Answer<()> {
    desk.engine().await?.change_passphrase(old, new).await
}

#[tauri::command]
pub(crate) async fn unlock(desk: State<'_, Desk>, passphrase: Passphrase) -> Answer<()> {
    desk.engine().await?.unlock(passphrase).await
}

#[tauri::command]
pub(crate) async fn use_key_file(desk: State<'_, Desk>, path: PathBuf, create: bool) -> Answer<()> {
    desk.engine().await?.use_key_file(path, create).await
}

#[tauri::command]
pub(crate) async fn use_keychain(desk: State<'_, Desk>) -> Answer<()> {
    desk.engine().await?.use_keychain().await
}

#[tauri::command]
pub(crate) async fn rotate_key(desk: State<'_, Desk>) -> Answer<()> {
    desk.engine().await?.rotate_key().await
}

#[tauri::command]
pub(crate) async fn export_backup(
    desk: State<'_, Desk>,
    path: PathBuf,
    passphrase: Passphrase,
) -> Answer<Vec<BackedUp>> {
    desk.engine().await?.export_to(path, passphrase).await
}

#[tauri::command]
pub(crate) async fn import_backup(
    desk: State<'_, Desk>,
    path: PathBuf,
    passphrase: Passphrase,
) -> Answer<Vec<Imported>> {
    desk.engine().await?.import_from(path, passphrase).await
}
