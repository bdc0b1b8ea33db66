//! Descriptors are arguments or answers. The handler gets no further errors.
use rpc_core::{Context, Fd, Service, Sink, Source, Stopped};

mod own {
    use rpc_core::{Schema, Service};
    use serde::{Deserialize, Serialize};

    /// Not what it looks like.
    #[derive(Serialize, Deserialize, Schema)]
    pub struct Fd(pub u32);

    #[derive(Service)]
    pub enum Lists {
        #[rpc(stream = self::Fd)]
        Open { pid: u32 },
    }
}

#[derive(Service)]
enum Files {
    #[rpc(stream = Fd)]
    Open,
    #[rpc(accepts = Option<rpc_core::Fd>, returns = Fd)]
    Merge { into: Fd },
}

struct Store;

impl FilesHandler for Store {
    fn open(&self, _: &Context, _: Sink<Fd>) -> Result<(), Stopped> {
        Ok(())
    }
    fn merge(&self, _: &Context, into: Fd, _: Source<Option<Fd>>) -> Result<Fd, Stopped> {
        Ok(into)
    }
}

fn main() {
    let _ = (Files::serve(Store), own::Lists::connect("lists"));
}
