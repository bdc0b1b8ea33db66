//! Two variants, one method.
use rpc_core::Service;

#[derive(Service)]
#[allow(non_camel_case_types)]
enum Kv {
    #[rpc(returns = u64)]
    GetAll,
    #[rpc(returns = u64)]
    Get_all,
}

fn main() {}
