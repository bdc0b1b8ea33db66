//! The second argument has no derives; the first one is nobody's mistake.
use rpc_core::Service;

pub struct Level;

#[derive(Service)]
pub enum Logs {
    #[rpc(returns = ())]
    Log { text: String, level: Level },
}

fn main() {}
