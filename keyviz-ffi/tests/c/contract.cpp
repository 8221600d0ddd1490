// The wrapper for C++17, and the header in C++: what is opened is closed, what fails throws.
#include "keyviz.h"
#include "keyviz.hpp"
#include "keyviz.hpp"

#include <cstddef>
#include <thread>
#include <type_traits>
#include <vector>

#include "check.h"

static_assert(sizeof(keyviz_config) == 184 && offsetof(keyviz_config, tiers) == 160, "keyviz_config");
static_assert(sizeof(keyviz_matrix_arrays) == 400 && offsetof(keyviz_matrix_arrays, series) == 280, "arrays");
static_assert(sizeof(keyviz_status) == 4 && sizeof(keyviz_op) == 4 && KEYVIZ_STATUS_TOO_LARGE == 46, "enums");
static_assert(std::is_nothrow_move_constructible_v<keyviz::Sampler> && !std::is_copy_constructible_v<keyviz::Sampler>);

// What an engine in ranges does: split, merge, tell whose an operation is, and keep the history.
static void routes_and_labels(const keyviz_config &config) {
    char folder[] = "/tmp/keyviz-contract-XXXXXX";
    CHECK(mkdtemp(folder) != nullptr);
    const std::string file = std::string(folder) + "/history";
    for (std::uint64_t run = 1; run <= 2; run++) {
        keyviz::Sampler sampler(config);
        sampler.start_history(file);
        CHECK(sampler.register_route(1, "", "m") && sampler.register_route(2, "m"));
        sampler.split_route(2, {{2, "m", "t", 0}, {3, "t", std::nullopt, 7}});
        auto acme = sampler.label("acme");
        OK(sampler.observe_labelled(3, acme, KEYVIZ_OP_READ, "zebra", 5));
        OK(sampler.recorder().observe_labelled(1, acme, KEYVIZ_OP_READ, "apple", 5));
        sampler.merge_routes({1, 2}, {1, "", "t", 0});
        CHECK(sampler.lineage().size() == 4 * run);
        sampler.flush();
        auto query = keyviz::query();
        query.series = KEYVIZ_SERIES_READS;
        query.open = query.by_label = 1;
        query.label = acme;
        auto matrix = sampler.matrix(query);
        auto seen = matrix.arrays();
        std::uint64_t reads = 0;
        for (std::size_t cell = 0; cell < std::size_t(seen.rows) * seen.columns; cell++) reads += seen.values[cell];
        CHECK(reads == 2 * run);
        auto fails = [&](keyviz_status status, auto call) {
            try {
                call();
                CHECK(false);
            } catch (const keyviz::Error &error) {
                CHECK(error.status() == status && error.what()[0] != 0);
            }
        };
        fails(KEYVIZ_STATUS_UNKNOWN_ROUTE, [&] { sampler.split_route(9, {{9, "a", "b", 0}}); });
        fails(KEYVIZ_STATUS_UNKNOWN_ROUTE, [&] { sampler.merge_routes({9}, {9, "a", "b", 0}); });
        fails(KEYVIZ_STATUS_BAD_LABEL, [&] { (void)sampler.label("nobody"); });
        fails(KEYVIZ_STATUS_ALREADY_RUNNING, [&] { sampler.start_history(file); });
        fails(KEYVIZ_STATUS_ADDRESS_REFUSED, [&] { sampler.start_admin("0.0.0.0:0"); });
        CHECK(strstr(keyviz_last_error(), "insecure_no_auth") != nullptr);
        sampler.stop_history();
        fails(KEYVIZ_STATUS_NOT_RUNNING, [&] { sampler.stop_history(); });
    }
    remove(file.c_str());
    remove((file + ".lock").c_str());
    CHECK(remove(folder) == 0);
}

int main() {
    auto config = keyviz::config_within(64 << 20);
    config.step_ms = 1000;
    const char *labels[] = {"acme"};
    config.labels = labels;
    config.label_count = 1;
    std::uint64_t closed_before = 0;
    keyviz_sampler handle{};
    {
        keyviz::Sampler sampler(config, 0);
        handle = sampler.get();
        CHECK(sampler.register_route(1, "a", "m") && sampler.register_route(2, "m"));
        {
            auto recorder = sampler.recorder();
            auto moved = std::move(recorder);
            CHECK(!recorder && moved);
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; i++)
                threads.emplace_back([&] {
                    for (int n = 0; n < 1000; n++) OK(sampler.observe(1, KEYVIZ_OP_WRITE, "apple", 5));
                });
            for (auto &thread : threads) thread.join();
            OK(moved.observe(2, KEYVIZ_OP_WRITE, "zebra", 5));
            CHECK_STATUS(recorder.observe(2, KEYVIZ_OP_WRITE, "zebra", 5), KEYVIZ_STATUS_INVALID_HANDLE);
        }
        sampler.annotate("deploy", "version 2", 500);
        sampler.flush(1000);
        CHECK(sampler.counters().recorded.writes == 4001);
        auto matrix = sampler.matrix();
        auto arrays = matrix.arrays();
        CHECK(arrays.rows == 2 && arrays.values[0] == 4000 && arrays.values[1] == 1);
        auto query = keyviz::query();
        query.rows = 1;
        CHECK(sampler.top(query).list().count == 1);
        CHECK(sampler.matrix_json().view().find("\"route:1\"") != std::string_view::npos);
        CHECK(!sampler.snapshot(1000).view().empty());
        {
            keyviz::Sampler other(config, 0);
            CHECK(other.register_route(1, "a", "m"));
            OK(other.observe(1, KEYVIZ_OP_WRITE, "apple", 5));
            other.flush(1000);
            keyviz::Coordinator here, above;
            here.add(0, sampler);
            here.add(1, other.matrix_json().view());
            above.join(here);
            CHECK(above.matrix().arrays().values[0] == 4001);
            keyviz_node node{};
            node.name = "first";
            CHECK(above.json({node, node}).view().find("\"fanout\"") != std::string_view::npos);
            try {
                above.add(1, other);
                CHECK(false);
            } catch (const keyviz::Error &error) {
                CHECK(error.status() == KEYVIZ_STATUS_PLACE_TAKEN);
            }
            auto hot = keyviz::HotKeys::decode("{\"route_id\":1,\"series\":\"writes\",\"keys\":[{\"key_b64\":\"YQ==\",\"count\":2}]}");
            auto both = keyviz::HotKeys::merge({&hot, &hot});
            CHECK(both.list().count == 1 && both.list().keys[0].count == 4);
            CHECK(both.json().view().find("\"count\":4") != std::string_view::npos);
            CHECK(sampler.lineage().empty());
            keyviz_new_route parts[2] = {};
            parts[0].route = 1, parts[0].start = "a", parts[0].start_len = 1, parts[0].end = "c", parts[0].end_len = 1;
            parts[1].route = 7, parts[1].start = "c", parts[1].start_len = 1, parts[1].end = "m", parts[1].end_len = 1;
            OK(keyviz_split(sampler.get(), 1, parts, 2));
            auto lineage = sampler.lineage();
            CHECK(lineage.size() == 2 && lineage[1].parent == 1 && lineage[1].child == 7 && lineage[1].at_ms == 1000);
        }
        routes_and_labels(config);
        CHECK(sampler.start_admin("127.0.0.1:0") > 0);
        sampler.start_flusher();
        try {
            sampler.register_route(3, "z", "a");
            CHECK(false);
        } catch (const keyviz::Error &error) {
            CHECK(error.status() == KEYVIZ_STATUS_EMPTY_RANGE && error.what()[0] != 0);
        }
        try {
            (void)sampler.hot_keys();
            CHECK(false);
        } catch (const keyviz::Error &error) {
            CHECK(error.status() == KEYVIZ_STATUS_HOT_KEYS_DISABLED);
        }
        closed_before = sampler.counters().closed_handles;
    }
    CHECK_STATUS(keyviz_flush(handle, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    keyviz::Sampler other(config, 0);
    CHECK(other.counters().closed_handles == closed_before + 1);
    other = keyviz::Sampler(config, 0); // the first one is closed
    CHECK(other.counters().closed_handles == closed_before + 1);
    return 0;
}
