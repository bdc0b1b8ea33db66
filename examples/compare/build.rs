//! Makes the code of those rivals that describe a service in a file of its own.
use std::error::Error;
use std::path::Path;
use ttrpc_codegen::{Codegen, Customize, ProtobufCustomize};

const SERVICE: &str = "proto/bench.proto";

fn main() -> Result<(), Box<dyn Error>> {
    tonic()?;
    ttrpc()?;
    #[cfg(feature = "capnp")]
    capnp()?;
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
    let out = Path::new(&std::env::var("OUT_DIR")?).join("ttrpc");
    std::fs::create_dir_all(&out)?;
    Codegen::new()
        .out_dir(&out)
        .input(SERVICE)
        .include("proto")
        .rust_protobuf()
        .rust_protobuf_customize(ProtobufCustomize::default().gen_mod_rs(false))
        .customize(Customize { async_all: true, ..Default::default() })
        .run()?;
    // The list of modules that it can write begins with an attribute, so that it cannot be included.
    Ok(std::fs::write(out.join("mod.rs"), "pub mod bench;\npub mod bench_ttrpc;\n")?)
}

#[cfg(feature = "capnp")]
fn capnp() -> Result<(), Box<dyn Error>> {
    let place = ["rivals", "capnp"].map(str::to_owned).to_vec();
    let mut compiler = capnpc::CompilerCommand::new();
    Ok(compiler.src_prefix("proto").default_parent_module(place).file("proto/bench.capnp").run()?)
}
