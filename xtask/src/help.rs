//! The list of all commands.

/// What `cargo xtask help` prints.
pub const TEXT: &str = "\
cargo xtask COMMAND

  help                              this list
  setup                             installs what the tests need, or prints the command that does
  test [--only NAME]                every test there is, step by step; NAME is a step or the start of its name
  fuzz [--seconds N] [TARGET]       feeds the readers of traces and snapshots made-up input, each target for N seconds (60);
                                    what it finds stays in the build output, under fuzz/found
  loom [MODEL]                      the core's threads in every interleaving within a bound; MODEL is a file of
                                    loom-tests/tests, without its ending
  no-std                            the core on every feature rung and for bare machines; firmware in QEMU, with its
                                    sizes
  bench [NAME | --only NAME] [--json FILE] [--runs N] [--list]
                                    the numbers, beside what they compare with; NAME is the start of a name;
                                    `bench build` times a build from nothing to a live picture, `bench page` its
                                    frames in a browser
  stress [--ops N] [--seconds S] [--threads T] [--seed N]
                                    everything at once on many threads, every operation accounted for
  header                            writes keyviz-ffi/include/keyviz.h from the sources
  install --prefix DIR              builds the C library and puts it there: headers, libkeyviz.a, libkeyviz.so,
                                    pkg-config file, CMake package
  docs                              writes docs/configuration.md from the code

Environment
  KEYVIZ_TARGET_DIR                 build output goes there instead of ./target (one checkout at a time)
  CI=true                           a missing tool is a failure; otherwise its step is skipped, and counted";
