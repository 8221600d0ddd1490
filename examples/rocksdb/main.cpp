// RocksDB with keyviz inside: every operation is observed where the engine does it. The first argument is an empty folder.
#include <memory>
#include <string>

#include <rocksdb/db.h>

#include "../engine/engine.h"

static rocksdb::DB *db;

static void engine_read(const char *key, const keyviz_recorder *recorder) {
    std::string value;
    rocksdb::Status status = db->Get(rocksdb::ReadOptions(), rocksdb::Slice(key, KEY_LEN), &value);
    MUST(status.ok());
    if (recorder != nullptr) (void)keyviz_recorder_observe_key(*recorder, KEYVIZ_OP_READ, key, KEY_LEN, value.size());
}

static void engine_write(const char *key, const char *value, const keyviz_recorder *recorder) {
    rocksdb::WriteOptions options;
    options.disableWAL = true; // the cost of the engine alone, without the disk's
    rocksdb::Status status = db->Put(options, rocksdb::Slice(key, KEY_LEN), rocksdb::Slice(value, VALUE_LEN));
    MUST(status.ok());
    if (recorder != nullptr) (void)keyviz_recorder_observe_key(*recorder, KEYVIZ_OP_WRITE, key, KEY_LEN, VALUE_LEN);
}

int main(int count, char **arguments) {
    MUST(count == 2);
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::Status status = rocksdb::DB::Open(options, arguments[1], &db);
    MUST(status.ok());
    std::unique_ptr<rocksdb::DB> owner(db);
    return try_engine("RocksDB");
}
