//! A `for` loop would throw away what stands behind the items: often the service's own error.
use rpc_core::Service;

#[derive(Service)]
enum Kv {
    #[rpc(stream = String, returns = Result<u64, String>)]
    Scan,
}

fn main() -> Result<(), rpc_core::Error> {
    let kv = Kv::connect("kv")?;
    for key in kv.scan() {
        println!("{}", key?);
    }
    let _ = kv.scan().count();
    Ok(())
}
