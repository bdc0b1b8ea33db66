@0xe1f3c5a7b9d80246;

interface Hello {
  greet @0 (name :Text) -> (greeting :Text);
}
