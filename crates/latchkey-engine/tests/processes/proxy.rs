//! A proxy between this computer and the provider, as the environment names it: what it refuses never
//! reached the provider.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use crate::host::{Host, Owner};
use crate::waits::PATIENCE;
use crate::world::World;

const PROVIDER: &str = include_str!("../../../../providers/sandbox.toml");

const THERE: &str = "https://provider.example";

/// A proxy that answers everybody alike; what each has asked for.
fn proxy(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let _ = write!(&stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            if sender.send(head.join("\n")).is_err() {
                break;
            }
        }
    });
    (address, asked)
}

/// A sign-in whose provider is reached through that proxy from here on.
fn behind(world: &World, proxy: SocketAddr) -> Host {
    let mut host = world.start(Owner::One);
    world.sign_in(&mut host);
    World::until_settled(&mut host);
    drop(host);
    let folder = world.folder.path().join("config/providers");
    std::fs::create_dir_all(&folder).unwrap();
    let beyond = |text: &str, path| text.replace(&format!("{{sandbox}}{path}"), &format!("{THERE}{path}"));
    let file = beyond(&beyond(PROVIDER, "/token"), "/userinfo");
    std::fs::write(folder.join("sandbox.toml"), file).unwrap();
    let proxy = format!("http://{proxy}");
    Host::start_behind(world.folder.path(), &world.sandbox.origin(), &proxy)
}

#[test]
fn f60_a_proxy_that_wants_a_password_costs_nothing_and_is_named() {
    let (address, asked) =
        proxy("407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"");
    let world = World::new(0, 29);
    let mut host = behind(&world, address);
    let renewed = host.ask("renew");
    let request = asked.recv_timeout(PATIENCE).unwrap();
    assert!(request.starts_with("CONNECT provider.example:443 "), "{request}");
    let grant = &renewed["health"]["grant"];
    assert_eq!((&grant["kind"], &grant["fault"]), (&"misconfigured".into(), &"proxy-credentials".into()));
    assert_eq!(host.ask("state")["rows"]["intents"], 0, "nothing was sent, so nothing is open");
    assert_kept(&world, host);
}

#[test]
fn f60_a_proxy_that_does_not_let_through_is_as_no_network() {
    let (address, asked) = proxy("403 Forbidden");
    let world = World::new(0, 29);
    let mut host = behind(&world, address);
    host.ask("renew");
    asked.recv_timeout(PATIENCE).unwrap();
    let state = host.ask("state");
    assert_eq!(state["health"]["activity"]["kind"], "offline", "{state}");
    assert_eq!(state["health"]["grant"]["kind"], "connected", "{state}");
    assert_eq!(state["rows"]["intents"], 0, "nothing was sent, so nothing is open");
    assert_kept(&world, host);
}

/// Without the proxy the same refresh token is still good.
fn assert_kept(world: &World, host: Host) {
    drop(host);
    std::fs::remove_file(world.folder.path().join("config/providers/sandbox.toml")).unwrap();
    let mut host = world.start(Owner::One);
    assert_eq!(host.ask("renew")["health"]["severity"], "healthy");
    assert_eq!((world.asked(), world.refusals().len()), (1, 0));
}
