//! postcard-rpc, which is made for microcontrollers: over a Unix socket its user writes the transport, as [`wire`] does.
mod wire;

use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{MESSAGE_BYTES_MAX, OUTSTANDING, Work, is_same};
use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use postcard_rpc::header::{VarHeader, VarSeqKind};
use postcard_rpc::host_client::{HostClient, HostErr};
use postcard_rpc::server::{Dispatch, Server};
use postcard_rpc::standard_icd::{ERROR_PATH, WireError};
use postcard_rpc::{TopicDirection, define_dispatch, endpoints, topics};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use tokio::net::UnixStream;
use wire::{Spawn, Tx};

/// Its macros take no generic types.
type Blob = Vec<u8>;

endpoints! {
    list = ENDPOINTS;
    | EndpointTy   | RequestTy | ResponseTy | Path   |
    | ----------   | --------- | ---------- | ----   |
    | AddEndpoint  | u64       | u64        | "add"  |
    | EchoEndpoint | Blob      | Blob       | "echo" |
}

topics! {
    list = TOPICS_IN;
    direction = TopicDirection::ToServer;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

topics! {
    list = TOPICS_OUT;
    direction = TopicDirection::ToClient;
    | TopicTy | MessageTy | Path |
    | ------- | --------- | ---- |
}

/// What serves.
pub struct Here;

// `spawn_fn` is looked for only where a handler is spawned.
define_dispatch! {
    app: Application;
    spawn_fn: none;
    tx_impl: Tx;
    spawn_impl: Spawn;
    context: Here;

    endpoints: {
        list: ENDPOINTS;

        | EndpointTy   | kind     | handler |
        | ----------   | ----     | ------- |
        | AddEndpoint  | blocking | add     |
        | EchoEndpoint | blocking | echo    |
    };
    topics_in: {
        list: TOPICS_IN;

        | TopicTy | kind | handler |
        | ------- | ---- | ------- |
    };
    topics_out: {
        list: TOPICS_OUT;
    };
}

fn add(_: &mut Here, _: VarHeader, number: u64) -> u64 {
    number + 1
}

fn echo(_: &mut Here, _: VarHeader, bytes: Blob) -> Blob {
    bytes
}

/// postcard-rpc as a rival.
pub(crate) struct PostcardRpc;

impl Rival for PostcardRpc {
    fn name(&self) -> &'static str {
        "postcard-rpc"
    }

    fn cannot(&self, work: Work) -> Option<&'static str> {
        (work == Work::Items).then_some("topics, no streams")
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        asynchronous::serve(path, flavor, serve)
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<Client>(job)
    }
}

/// Buffers of connections that have ended. A connection has one of a fixed size, for the largest message; to fill a new one
/// with zeros each time takes longer than to connect.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Given back when its connection ends.
struct Buffer(Vec<u8>);

impl Buffer {
    fn take() -> Self {
        let kept = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self(kept.unwrap_or_else(|| vec![0; MESSAGE_BYTES_MAX]))
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        BUFFERS.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

async fn serve(stream: UnixStream) {
    let (rx, tx) = wire::server(stream);
    let application = Application::new(Here, Spawn);
    let key_bytes = application.min_key_len();
    // It tells why it ends, which is always that the client has gone.
    Server::new(tx, rx, Buffer::take(), application, key_bytes).run().await;
}

#[derive(Clone)]
struct Client(HostClient<WireError>);

impl Caller for Client {
    async fn connect(path: &Path) -> Result<Self> {
        let (rx, tx) = wire::client(UnixStream::connect(path).await?);
        let client = HostClient::new_with_wire(tx, rx, Spawn, VarSeqKind::Seq2, ERROR_PATH, OUTSTANDING);
        Ok(Self(client))
    }

    async fn add(&self, number: u64) -> Result<u64> {
        self.0.send_resp::<AddEndpoint>(&number).await.map_err(told)
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        let echoed = self.0.send_resp::<EchoEndpoint>(&bytes.to_vec()).await.map_err(told)?;
        Ok(is_same(&echoed, bytes))
    }

    async fn items(&self, _count: u64) -> Result<u64> {
        bail!("postcard-rpc has no streams")
    }
}

/// Its own error is no [`std::error::Error`].
fn told(error: HostErr<WireError>) -> anyhow::Error {
    anyhow!("{error:?}")
}
