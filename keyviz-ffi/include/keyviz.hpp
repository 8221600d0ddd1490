// keyviz for C++17: what is opened is closed, and what fails throws. A thin wrapper of keyviz.h, header only.
//
//     keyviz::Sampler sampler;
//     sampler.register_route(1, "a");
//     sampler.start_flusher();
//     sampler.start_admin("127.0.0.1:8765");
//     sampler.observe(1, KEYVIZ_OP_WRITE, key, value.size());
//
// Observations return their status and never throw. A moved-from object is empty: its handle is no handle.
#ifndef KEYVIZ_HPP
#define KEYVIZ_HPP

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keyviz.h"

namespace keyviz {

/// A call that failed: its status, and what the library says of it.
class Error : public std::runtime_error {
public:
    explicit Error(keyviz_status status) : std::runtime_error(keyviz_last_error()), status_(status) {}
    keyviz_status status() const noexcept { return status_; }

private:
    keyviz_status status_;
};

/// Throws where a call failed.
inline void check(keyviz_status status) {
    if (status != KEYVIZ_STATUS_OK) throw Error(status);
}

/// A handle that is closed with its owner.
template <typename Handle, keyviz_status (*Close)(Handle)>
class Owned {
public:
    Owned() noexcept = default;
    explicit Owned(Handle handle) noexcept : handle_(handle) {}
    Owned(Owned &&other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
    Owned &operator=(Owned &&other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, Handle{});
        }
        return *this;
    }
    Owned(const Owned &) = delete;
    Owned &operator=(const Owned &) = delete;
    ~Owned() { reset(); }

    /// Closes it now. Where nothing is open nothing happens.
    void reset() noexcept {
        if (handle_.bits != 0) (void)Close(std::exchange(handle_, Handle{}));
    }
    /// The handle, for functions that are not wrapped.
    Handle get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_.bits != 0; }

protected:
    Handle handle_{};
};

/// The sizes of a sampler: the defaults, or the defaults cut to a budget.
inline keyviz_config config() {
    keyviz_config made{};
    made.size = sizeof made;
    check(keyviz_config_defaults(&made));
    return made;
}
inline keyviz_config config_within(std::uint64_t budget_bytes) {
    keyviz_config made{};
    made.size = sizeof made;
    check(keyviz_config_within(budget_bytes, &made));
    return made;
}

/// A question that asks for everything; set fields.
inline keyviz_query query() noexcept {
    keyviz_query made{};
    made.size = sizeof made;
    return made;
}

/// A route that a split or a merge makes: `[start, end)`; no end is unbounded. The bounds are the host's, read during the call.
struct NewRoute {
    std::uint64_t route = 0;
    std::string_view start;
    std::optional<std::string_view> end;
    std::uint64_t group = 0;

    keyviz_new_route plain() const noexcept {
        return {route, start.data(), start.size(), end ? end->data() : nullptr, end ? end->size() : 0, group};
    }
};

/// Bytes that the library made: JSON, or a snapshot.
class Buffer : public Owned<keyviz_buffer, keyviz_buffer_close> {
public:
    using Owned::Owned;
    /// Good as long as the buffer.
    std::string_view view() const {
        const char *data = nullptr;
        std::size_t len = 0;
        check(keyviz_buffer_view(handle_, &data, &len));
        return {data, len};
    }
};

/// A matrix that was read.
class Matrix : public Owned<keyviz_matrix, keyviz_matrix_close> {
public:
    using Owned::Owned;
    /// What it points at is good as long as the matrix.
    keyviz_matrix_arrays arrays() const {
        keyviz_matrix_arrays made{};
        made.size = sizeof made;
        check(keyviz_matrix_view(handle_, &made));
        return made;
    }
};

/// A list of hot keys.
class HotKeys : public Owned<keyviz_hot_keys, keyviz_hot_keys_close> {
public:
    using Owned::Owned;
    /// Another node's, from the body of its `/hotkeys`.
    static HotKeys decode(std::string_view json) {
        keyviz_hot_keys made{};
        check(keyviz_hot_keys_decode(json.data(), json.size(), &made));
        return HotKeys(made);
    }
    /// Those of several nodes as one list of at most `top` keys; 0 is as many as there may be.
    static HotKeys merge(const std::vector<const HotKeys *> &lists, std::uint32_t top = 0) {
        std::vector<keyviz_hot_keys> handles;
        for (const HotKeys *list : lists) handles.push_back(list->get());
        keyviz_hot_keys made{};
        check(keyviz_hot_keys_merge(handles.data(), handles.size(), top, &made));
        return HotKeys(made);
    }
    /// What it points at is good as long as the list.
    keyviz_hot_key_list list() const {
        keyviz_hot_key_list made{};
        made.size = sizeof made;
        check(keyviz_hot_keys_view(handle_, &made));
        return made;
    }
    Buffer json() const {
        keyviz_buffer buffer{};
        check(keyviz_hot_keys_list_json(handle_, &buffer));
        return Buffer(buffer);
    }
};

/// A list of the hottest ranges.
class Top : public Owned<keyviz_top, keyviz_top_close> {
public:
    using Owned::Owned;
    /// What it points at is good as long as the list.
    keyviz_top_list list() const {
        keyviz_top_list made{};
        made.size = sizeof made;
        check(keyviz_top_view(handle_, &made));
        return made;
    }
};

/// One thread's own way to observe.
class Recorder : public Owned<keyviz_recorder, keyviz_recorder_close> {
public:
    using Owned::Owned;
    keyviz_status observe(std::uint64_t route, keyviz_op op, std::string_view key, std::uint64_t value_len) noexcept {
        return keyviz_recorder_observe(handle_, route, op, key.data(), key.size(), value_len);
    }
    keyviz_status observe_labelled(std::uint64_t route, keyviz_label label, keyviz_op op, std::string_view key,
                                   std::uint64_t value_len) noexcept {
        return keyviz_recorder_observe_labelled(handle_, route, label, op, key.data(), key.size(), value_len);
    }
    keyviz_status observe_key(keyviz_op op, std::string_view key, std::uint64_t value_len) noexcept {
        return keyviz_recorder_observe_key(handle_, op, key.data(), key.size(), value_len);
    }
    keyviz_status observe_key_labelled(keyviz_label label, keyviz_op op, std::string_view key,
                                       std::uint64_t value_len) noexcept {
        return keyviz_recorder_observe_key_labelled(handle_, label, op, key.data(), key.size(), value_len);
    }
};

/// What counts the load of one key space.
class Sampler : public Owned<keyviz_sampler, keyviz_close> {
public:
    using Owned::Owned;
    /// Opens one with the defaults.
    Sampler() : Sampler(keyviz::config()) {}
    explicit Sampler(const keyviz_config &config, std::uint64_t now_ms = KEYVIZ_NOW) {
        check(keyviz_open(&config, now_ms, &handle_));
    }

    /// Registers `[start, end)`; no end is unbounded. Says whether it has a slot of its own.
    bool register_route(std::uint64_t route, std::string_view start, std::optional<std::string_view> end = std::nullopt,
                        std::uint64_t group = 0) {
        std::uint32_t own_slot = 0;
        check(keyviz_register(handle_, route, start.data(), start.size(), end ? end->data() : nullptr,
                              end ? end->size() : 0, group, &own_slot));
        return own_slot != 0;
    }
    /// `parent` goes, its parts come, and it is remembered. One part may keep the parent's id.
    void split_route(std::uint64_t parent, const std::vector<NewRoute> &parts) {
        std::vector<keyviz_new_route> plain;
        for (const NewRoute &part : parts) plain.push_back(part.plain());
        check(keyviz_split(handle_, parent, plain.data(), plain.size()));
    }
    /// `parents` go and `child` comes in their place, and it is remembered. It may have the id of one of them.
    void merge_routes(const std::vector<std::uint64_t> &parents, const NewRoute &child) {
        const keyviz_new_route plain = child.plain();
        check(keyviz_merge(handle_, parents.data(), parents.size(), &plain));
    }
    void remove_route(std::uint64_t route) { check(keyviz_remove(handle_, route)); }
    void set_term(std::uint64_t group, std::uint64_t term) { check(keyviz_set_term(handle_, group, term)); }
    void annotate(const std::string &kind, const std::string &text, std::uint64_t at_ms = KEYVIZ_NOW) {
        check(keyviz_annotate(handle_, at_ms, kind.c_str(), text.c_str()));
    }

    /// The configured label of this name, to be asked for once.
    keyviz_label label(const std::string &name) const {
        keyviz_label made{};
        check(keyviz_label_get(handle_, name.c_str(), &made));
        return made;
    }
    keyviz_status observe_labelled(std::uint64_t route, keyviz_label label, keyviz_op op, std::string_view key,
                                   std::uint64_t value_len) noexcept {
        return keyviz_observe_labelled(handle_, route, label, op, key.data(), key.size(), value_len);
    }
    keyviz_status observe(std::uint64_t route, keyviz_op op, std::string_view key, std::uint64_t value_len) noexcept {
        return keyviz_observe(handle_, route, op, key.data(), key.size(), value_len);
    }
    keyviz_status observe_key(keyviz_op op, std::string_view key, std::uint64_t value_len) noexcept {
        return keyviz_observe_key(handle_, op, key.data(), key.size(), value_len);
    }
    Recorder recorder() {
        keyviz_recorder made{};
        check(keyviz_recorder_open(handle_, &made));
        return Recorder(made);
    }

    void flush(std::uint64_t now_ms = KEYVIZ_NOW) { check(keyviz_flush(handle_, now_ms)); }
    void start_flusher() { check(keyviz_flusher_start(handle_)); }
    void stop_flusher() { check(keyviz_flusher_stop(handle_)); }
    /// Keeps the history in a file over restarts; call it before routes are registered. 0 is every 5 minutes.
    void start_history(const std::string &path, std::uint64_t every_ms = 0) {
        check(keyviz_history_start(handle_, path.c_str(), every_ms));
    }
    void stop_history() { check(keyviz_history_stop(handle_)); }
    /// Serves the page; gives the port.
    std::uint16_t start_admin(const std::string &address, const keyviz_admin_options *options = nullptr) {
        std::uint16_t port = 0;
        check(keyviz_admin_start(handle_, address.c_str(), options));
        check(keyviz_admin_port(handle_, &port));
        return port;
    }
    void stop_admin() { check(keyviz_admin_stop(handle_)); }

    Matrix matrix(const keyviz_query &asked = query()) const { return made<Matrix>(keyviz_matrix_read, asked); }
    HotKeys hot_keys(const keyviz_query &asked = query()) const { return made<HotKeys>(keyviz_hot_keys_read, asked); }
    Top top(const keyviz_query &asked = query()) const { return made<Top>(keyviz_top_read, asked); }
    Buffer matrix_json(const keyviz_query &asked = query()) const { return made<Buffer>(keyviz_matrix_json, asked); }
    Buffer snapshot(std::uint64_t now_ms = KEYVIZ_NOW) const {
        keyviz_buffer buffer{};
        check(keyviz_snapshot(handle_, now_ms, &buffer));
        return Buffer(buffer);
    }
    /// Which routes came from which, oldest first.
    std::vector<keyviz_lineage> lineage() const {
        std::vector<keyviz_lineage> entries;
        // There may be more by the time there is room for all of them.
        for (std::size_t count = 0;;) {
            check(keyviz_lineage_read(handle_, entries.data(), entries.size(), &count));
            bool whole = count <= entries.size();
            entries.resize(count);
            if (whole) return entries;
        }
    }
    keyviz_counters counters() const {
        keyviz_counters made{};
        made.size = sizeof made;
        check(keyviz_counters_read(handle_, &made));
        return made;
    }

private:
    template <typename Made, typename Handle>
    Made made(keyviz_status (*read)(keyviz_sampler, const keyviz_query *, Handle *), const keyviz_query &asked) const {
        Handle handle{};
        check(read(handle_, &asked, &handle));
        return Made(handle);
    }
};

/// One picture of several nodes.
class Coordinator : public Owned<keyviz_coordinator, keyviz_coordinator_close> {
public:
    using Owned::Owned;
    /// With room for so many cells; 0 is 8 388 608.
    explicit Coordinator(std::uint64_t max_cells = 0) { check(keyviz_coordinator_open(max_cells, &handle_)); }

    /// Takes in a sampler of this process, or the body of another node's `/matrix`, by the node's place.
    void add(std::uint32_t place, const Sampler &sampler, const keyviz_query &asked = query()) {
        check(keyviz_coordinator_add(handle_, place, sampler.get(), &asked));
    }
    void add(std::uint32_t place, std::string_view json, std::uint64_t max_bytes = 0) {
        check(keyviz_coordinator_add_json(handle_, place, json.data(), json.size(), max_bytes));
    }
    void join(const Coordinator &other) { check(keyviz_coordinator_join(handle_, other.get())); }

    Matrix matrix(const keyviz_query &asked = query()) const {
        keyviz_matrix made{};
        check(keyviz_coordinator_read(handle_, &asked, &made));
        return Matrix(made);
    }
    /// `nodes` says by place what is known of each, those without an answer among them.
    Buffer json(const std::vector<keyviz_node> &nodes = {}, const keyviz_query &asked = query()) const {
        keyviz_buffer buffer{};
        check(keyviz_coordinator_json(handle_, &asked, nodes.data(), nodes.size(), &buffer));
        return Buffer(buffer);
    }
};

} // namespace keyviz

#endif // KEYVIZ_HPP
