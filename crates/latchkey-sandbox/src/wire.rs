//! The sockets: each has a number for the record, and can be cut, because some faults happen below HTTP.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::core::World;

/// A handle on one accepted connection.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    pub(crate) id: u64,
    severed: Arc<AtomicBool>,
    used: Arc<AtomicBool>,
}

impl Socket {
    /// Makes every later write fail, which closes the connection without an answer.
    pub(crate) fn sever(&self) {
        self.severed.store(true, Ordering::SeqCst);
    }

    /// True once per connection.
    pub(crate) fn first_use(&self) -> bool {
        !self.used.swap(true, Ordering::SeqCst)
    }

    fn check(&self) -> io::Result<()> {
        if self.severed.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Connected<IncomingStream<'_, Sockets>> for Socket {
    fn connect_info(stream: IncomingStream<'_, Sockets>) -> Self {
        stream.io().socket.clone()
    }
}

/// The listener.
#[derive(Debug)]
pub(crate) struct Sockets {
    listener: TcpListener,
    world: Arc<World>,
}

impl Sockets {
    pub(crate) fn new(listener: TcpListener, world: Arc<World>) -> Self {
        Self { listener, world }
    }
}

impl Listener for Sockets {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Only a hint: without it answers are late, not wrong.
        let _hint = stream.set_nodelay(true);
        let id = self.world.sockets.fetch_add(1, Ordering::SeqCst) + 1;
        let socket = Socket { id, severed: Arc::default(), used: Arc::default() };
        let unplugged = Some(Box::pin(self.world.gate.closing()) as Pin<Box<_>>);
        (Wire { stream, socket, unplugged }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails once it is severed, or when the sandbox leaves the network.
pub(crate) struct Wire {
    stream: TcpStream,
    socket: Socket,
    /// Becomes `None` when it has come true.
    unplugged: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Wire {
    /// Asked by reads too, as an idle connection does nothing else.
    fn check_plug(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let came_true =
            self.unplugged.as_mut().is_none_or(|unplugged| unplugged.as_mut().poll(cx).is_ready());
        if came_true {
            self.unplugged = None;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_plug(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check_plug(cx)?;
        self.socket.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_plug(cx)?;
        self.socket.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
