//! The C library: its header, its symbols, and programs that use it as hosts do.

use super::{Done, Step};
use crate::ffi;
use crate::tools::Tool;

pub const STEPS: &[Step] = &[
    Step {
        name: "ffi-header",
        about: "keyviz.h is what the sources say, and says of each function what its caller has to know",
        needs: &[],
        wants: &[],
        run: |checkout| ffi::check_contract(checkout).and_then(|()| ffi::check_header(checkout)).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-symbols",
        about: "the libraries export the committed list and nothing else, each symbol with its version",
        needs: &[Tool::Gcc],
        wants: &[],
        run: |checkout| ffi::check_symbols(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-programs",
        about: "programs in C11 and C++17 find the header's contract kept, with either library",
        needs: &[Tool::Gcc, Tool::Clang, Tool::Cmake, Tool::PkgConfig],
        wants: &[],
        run: |checkout| ffi::programs(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-guest",
        about: "a host that serves the page keeps its signals, output, threads, descriptors, memory and life",
        needs: &[Tool::Gcc],
        wants: &[],
        run: |checkout| ffi::good_guest(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-analysed",
        about: "valgrind and the sanitizers find nothing, and nothing leaks",
        needs: &[Tool::Gcc, Tool::Valgrind],
        wants: &[],
        run: |checkout| ffi::analysed(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-first-use",
        about: "the README's program in C, with only what is installed, shows a heatmap",
        needs: &[Tool::Gcc, Tool::PkgConfig],
        wants: &[],
        run: |checkout| ffi::first_use(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "ffi-engines",
        about: "RocksDB and LMDB with keyviz inside show where their load is",
        needs: &[Tool::Gcc, Tool::RocksDb, Tool::Lmdb],
        wants: &[],
        run: |checkout| ffi::run_engines(checkout).map(|()| Done::Passed),
    },
];
