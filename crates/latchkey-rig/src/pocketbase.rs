//! A PocketBase server of a test's own, on a port of this computer and in a folder that goes with it. Its mails come
//! to the test and to nobody else.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Error, Result, service::Service, wait};

/// Who may do everything on the server.
const SUPERUSER: (&str, &str) = ("admin@example.com", "adminpass123");
/// How long one answer may take, and the start.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a port is looked for: another program may take it first.
const STARTS: usize = 5;

/// A running server; it ends and its folder goes when this is dropped.
#[derive(Debug)]
pub struct PocketBase {
    service: Service,
    folder: tempfile::TempDir,
    address: String,
    superuser: String,
}

impl PocketBase {
    /// Starts a server. `servers` is the folder that `script/setup --test` has filled: the program in `python`, its
    /// hooks in `pocketbase`.
    pub fn start(servers: &Path) -> Result<Self> {
        let program = servers.join("python/bin/pocketbase");
        if !program.exists() {
            return Err(Error::failed("pocketbase", "is not installed; run script/setup --test"));
        }
        let folder = tempfile::tempdir().map_err(Error::io("make a folder"))?;
        for name in ["capture.pb.js", "mails.js"] {
            let (from, to) = (servers.join("pocketbase").join(name), folder.path().join(name));
            fs::copy(&from, &to).map_err(Error::file("copy", &from))?;
        }
        let mut command =
            command(&program, folder.path(), &["superuser", "upsert", SUPERUSER.0, SUPERUSER.1]);
        let done = command.output().map_err(Error::start("pocketbase"))?;
        if !done.status.success() {
            return Err(Error::failed("pocketbase", String::from_utf8_lossy(&done.stdout)));
        }
        let (service, address) = serve(&program, folder.path())?;
        let mut server = Self { service, folder, address, superuser: String::new() };
        let credentials = json!({"identity": SUPERUSER.0, "password": SUPERUSER.1});
        let signed_in = server.post("/api/collections/_superusers/auth-with-password", &credentials)?;
        signed_in["token"].as_str().unwrap_or_default().clone_into(&mut server.superuser);
        Ok(server)
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The identity and password of the superuser.
    pub fn superuser(&self) -> (&'static str, &'static str) {
        SUPERUSER
    }

    /// Changes the collection `users`, by the fields of the server's API.
    pub fn change_users(&self, change: &Value) -> Result<Value> {
        self.ask("PATCH", "/api/collections/users", change)
    }

    /// Adds a user and returns the id.
    pub fn add_user(&self, email: &str, password: &str, verified: bool) -> Result<String> {
        let user = json!({
            "email": email, "password": password, "passwordConfirm": password, "verified": verified,
            "name": email.split('@').next().unwrap_or(email),
        });
        let added = self.post("/api/collections/users/records", &user)?;
        Ok(added["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Changes a user, by the fields of the record.
    pub fn change_user(&self, id: &str, change: &Value) -> Result<Value> {
        self.ask("PATCH", &format!("/api/collections/users/records/{id}"), change)
    }

    /// The record of a user, as the superuser sees it.
    pub fn user(&self, id: &str) -> Result<Value> {
        self.ask("GET", &format!("/api/collections/users/records/{id}"), &json!({}))
    }

    /// Changes the server's settings, by the fields of its API.
    pub fn change_settings(&self, change: &Value) -> Result<Value> {
        self.ask("PATCH", "/api/settings", change)
    }

    /// Waits for the next mail of a kind (`code`, `reset` or `verification`) and takes it away.
    pub fn mail(&self, kind: &str) -> Result<Value> {
        wait::until(&format!("a mail of the kind {kind}"), PATIENCE, || {
            let entries =
                fs::read_dir(self.folder.path()).map_err(Error::file("read", self.folder.path()))?;
            let paths = entries.flatten().map(|entry| entry.path());
            let mails = paths.filter(|path| path.extension().is_some_and(|extension| extension == "mail"));
            Ok(mails.into_iter().find_map(|path| taken(&path, kind)))
        })
    }

    /// What the server has written about itself.
    pub fn process_id(&self) -> u32 {
        self.service.pid()
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = request(&self.address, method, path, &self.superuser, body)?;
        if status != 200 && status != 204 {
            return Err(Error::failed("pocketbase", format!("{method} {path} answers {status}: {answer}")));
        }
        Ok(answer)
    }
}

fn taken(path: &PathBuf, kind: &str) -> Option<Value> {
    let mail: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    if mail["kind"] != kind {
        return None;
    }
    fs::remove_file(path).ok()?;
    Some(mail)
}

fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    for (name, value) in [("--dir", "data"), ("--hooksDir", "."), ("--migrationsDir", "migrations")] {
        command.arg(format!("{name}={}", folder.join(value).display()));
    }
    command
}

fn serve(program: &Path, folder: &Path) -> Result<(Service, String)> {
    let mut last = Error::failed("pocketbase", "found no port");
    for _ in 0..STARTS {
        let address = free_address()?;
        let mut command = command(program, folder, &["serve", "--http", &address]);
        command
            .args(["--automigrate=false", "--hooksWatch=false"])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let mut service = Service::start("pocketbase", command, folder)?;
        let ready = wait::until("PocketBase", PATIENCE, || {
            service.check()?;
            let answer = request(&address, "GET", "/api/health", "", &json!({}));
            Ok(answer.ok().filter(|(status, _)| *status == 200))
        });
        match ready {
            Ok(_) => return Ok((service, address)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("open a port"))?;
    let address = listener.local_addr().map_err(Error::io("read the address of a port"))?;
    Ok(address.to_string())
}

/// As much of HTTP/1.0 as one question needs: without it the server would answer in chunks.
fn request(address: &str, method: &str, path: &str, token: &str, body: &Value) -> Result<(u16, Value)> {
    let failed = |doing: &str| Error::io(format!("{doing} PocketBase"));
    let mut stream = TcpStream::connect(address).map_err(failed("connect to"))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed("prepare to ask"))?;
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).map_err(failed("ask"))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed("hear"))?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let content = answer.split_once("\r\n\r\n").map_or("", |(_, content)| content);
    Ok((status, serde_json::from_str(content).unwrap_or(Value::Null)))
}
