@0xb7c2f2a1d3e4c596;

interface Bench {
  add @0 (number :UInt64) -> (number :UInt64);
  echo @1 (bytes :Data) -> (bytes :Data);
  items @2 (count :UInt64, receiver :Receiver);

  interface Receiver {
    push @0 (item :Item) -> stream;
  }

  struct Item {
    a @0 :UInt64;
    b @1 :UInt64;
    c @2 :UInt64;
    d @3 :UInt64;
  }
}
