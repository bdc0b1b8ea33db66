# Shortcuts; `just` alone lists them. Everything works without just: the commands are here to be read.

_list:
    @just --list

# Every test.
test:
    cargo test --workspace

# What CI runs.
ci:
    .ci/run

# Lints, as strict as CI.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Formats everything.
fmt:
    cargo fmt --all

# The documentation, without warnings.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --open

# What a call costs beside a raw socket; `just bench --quick`, or part of a case's name.
bench *options:
    cargo bench -p rpc-core --bench calls -- {{options}}

# What a call costs as connections, calls in flight, methods and messages grow; perhaps part of a series' name.
bench-growth *options:
    cargo bench -p rpc-core --bench growth -- {{options}}

# How long a call waits for others', and what an idle server costs; perhaps part of a point's name.
bench-scheduling *options:
    cargo bench -p rpc-core --bench scheduling -- {{options}}

# What a call from a shell costs, beside /bin/true.
bench-shell *options:
    cargo bench -p rpc-cli -- {{options}}

# Installs rpc-cli with its man pages; for Tab see `rpc-cli completions --help`.
install manual="~/.local/share/man/man1":
    cargo install --path rpc-cli
    mkdir -p {{manual}}
    rpc-cli man {{manual}}

# Socket tests over and over: a race that shows once in a hundred runs shows here.
soak rounds="100":
    cargo test -p rpc-core --lib --no-run
    for round in $(seq {{rounds}}); do cargo test --quiet -p rpc-core --lib net:: || exit 1; done
