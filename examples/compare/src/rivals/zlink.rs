//! zlink: Varlink, which is JSON. Bytes travel in base64, as Varlink has none; the server does not look into them.
//!
//! Its connections take `&mut self`, so tasks share one by a lock. Calls overlap in chains, of which all are written at
//! once.
use crate::amount::Amount;
use crate::asynchronous::{self, Caller};
use crate::measured::Measured;
use crate::process::ready;
use crate::rival::{Job, Rival};
use crate::runtime::Flavor;
use crate::work::{OUTSTANDING, is_same};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use tokio::sync::Mutex;
use zlink::tokio::unix::{self, Stream as Socket};
use zlink::{Connection, Reply, ReplyError, Server, introspect, proxy, service};

#[derive(Debug, Serialize, Deserialize, introspect::Type)]
struct Number {
    number: u64,
}

#[derive(Debug, Serialize, Deserialize, introspect::Type)]
struct Blob {
    bytes: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, introspect::Type)]
struct Item {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

#[derive(Debug, ReplyError, introspect::ReplyError)]
#[zlink(interface = "org.example.Bench")]
enum BenchError {
    Never,
}

#[proxy("org.example.Bench")]
trait Bench {
    async fn add(&mut self, number: u64) -> zlink::Result<std::result::Result<Number, BenchError>>;

    async fn echo(&mut self, bytes: &str) -> zlink::Result<std::result::Result<Blob, BenchError>>;

    #[zlink(more)]
    async fn items(
        &mut self,
        count: u64,
    ) -> zlink::Result<impl Stream<Item = zlink::Result<std::result::Result<Item, BenchError>>>>;
}

struct Here;

#[service(interface = "org.example.Bench")]
impl Here {
    async fn add(&mut self, number: u64) -> Number {
        Number { number: number + 1 }
    }

    async fn echo(&mut self, bytes: String) -> Blob {
        Blob { bytes }
    }

    #[zlink(more)]
    async fn items(&mut self, more: bool, count: u64) -> impl Stream<Item = Reply<Item>> + Unpin {
        let count = if more { count } else { 1 };
        stream::iter((1..=count).map(move |number| {
            let item = Item { a: 1.0, b: 1.0, c: 1.0, d: 1.0 };
            Reply::new(Some(item)).set_continues(Some(number < count))
        }))
    }
}

/// zlink as a rival.
pub(crate) struct Zlink;

impl Rival for Zlink {
    fn name(&self) -> &'static str {
        "zlink"
    }

    fn serve(&self, path: &Path, flavor: Flavor) -> Result<()> {
        flavor.runtime()?.block_on(async {
            let server = Server::new(unix::bind(path)?, Here);
            ready();
            Ok(server.run().await?)
        })
    }

    fn run(&self, job: &Job<'_>) -> Result<Measured> {
        asynchronous::run::<Client>(job)
    }
}

#[derive(Clone)]
struct Client(Rc<Mutex<Connection<Socket>>>);

impl Caller for Client {
    async fn connect(path: &Path) -> Result<Self> {
        Ok(Self(Rc::new(Mutex::new(unix::connect(path).await?))))
    }

    async fn add(&self, number: u64) -> Result<u64> {
        match self.0.lock().await.add(number).await? {
            Ok(answer) => Ok(answer.number),
            Err(error) => bail!("{error:?}"),
        }
    }

    async fn echo(&self, bytes: &Bytes) -> Result<bool> {
        match self.0.lock().await.echo(&STANDARD.encode(bytes)).await? {
            Ok(answer) => Ok(is_same(&STANDARD.decode(answer.bytes)?, bytes)),
            Err(error) => bail!("{error:?}"),
        }
    }

    async fn items(&self, count: u64) -> Result<u64> {
        let mut connection = self.0.lock().await;
        let mut items = pin!(connection.items(count).await?);
        let mut taken = 0;
        while let Some(item) = items.next().await {
            ensure!(item?.is_ok(), "an error instead of an item");
            taken += 1;
        }
        Ok(taken)
    }

    async fn overlapping(&self, amount: Amount) -> Result<u64> {
        let mut connection = self.0.lock().await;
        let mut count = 0;
        while !amount.is_done(count) {
            let mut chain = connection.chain_add(count)?;
            for number in 1..OUTSTANDING as u64 {
                chain = chain.add(count + number)?;
            }
            let mut answers = pin!(chain.send::<Number, BenchError>().await?);
            while let Some(answer) = answers.next().await {
                let Ok(answer) = answer?.0 else { bail!("an error instead of an answer") };
                let number = answer.into_parameters().context("an answer without a number")?.number;
                ensure!(number == count + 1, "a wrong answer");
                count += 1;
            }
        }
        Ok(count)
    }
}
