//! Makes the code of those rivals that describe a service in a file of its own.
use std::error::Error;
use ttrpc_codegen::{Codegen, Customize, ProtobufCustomize};

const SERVICE: &str = "proto/bench.proto";

fn main() -> Result<(), Box<dyn Error>> {
    tonic()?;
    ttrpc()?;
    #[cfg(feature = "capnp")]
    capnpc::CompilerCommand::new().src_prefix("proto").file("proto/bench.capnp").run()?;
    println!("cargo::rerun-if-changed=proto");
    Ok(())
}

/// By a compiler in Rust, so that nobody needs `protoc`.
fn tonic() -> Result<(), Box<dyn Error>> {
    let files = protox::compile([SERVICE], ["proto"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(files)?;
    Ok(())
}

fn ttrpc() -> Result<(), Box<dyn Error>> {
    let out = std::path::Path::new(&std::env::var("OUT_DIR")?).join("ttrpc");
    std::fs::create_dir_all(&out)?;
    Codegen::new()
        .out_dir(out)
        .input(SERVICE)
        .include("proto")
        .rust_protobuf()
        .rust_protobuf_customize(ProtobufCustomize::default().gen_mod_rs(true))
        .customize(Customize { async_all: true, gen_mod: true, ..Default::default() })
        .run()?;
    Ok(())
}
