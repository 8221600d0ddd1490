/* LMDB with keyviz inside: every operation is observed where the engine does it. The first argument is an empty folder. */
#include <lmdb.h>

#include "../engine/engine.h"

static MDB_env *environment;
static MDB_dbi table;

static void engine_read(const char *key, const keyviz_recorder *recorder) {
    MDB_txn *transaction;
    MDB_val name = {KEY_LEN, NULL}, value;
    char copy[KEY_LEN];
    memcpy(copy, key, KEY_LEN);
    name.mv_data = copy;
    MUST(mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction) == 0);
    MUST(mdb_get(transaction, table, &name, &value) == 0);
    if (recorder != NULL) (void)keyviz_recorder_observe_key(*recorder, KEYVIZ_OP_READ, key, KEY_LEN, value.mv_size);
    mdb_txn_abort(transaction);
}

static void engine_write(const char *key, const char *value, const keyviz_recorder *recorder) {
    MDB_txn *transaction;
    MDB_val name = {KEY_LEN, NULL}, content = {VALUE_LEN, NULL};
    char copy[KEY_LEN + VALUE_LEN];
    memcpy(copy, key, KEY_LEN);
    memcpy(copy + KEY_LEN, value, VALUE_LEN);
    name.mv_data = copy;
    content.mv_data = copy + KEY_LEN;
    MUST(mdb_txn_begin(environment, NULL, 0, &transaction) == 0);
    MUST(mdb_put(transaction, table, &name, &content, 0) == 0);
    MUST(mdb_txn_commit(transaction) == 0);
    if (recorder != NULL) (void)keyviz_recorder_observe_key(*recorder, KEYVIZ_OP_WRITE, key, KEY_LEN, VALUE_LEN);
}

int main(int count, char **arguments) {
    MDB_txn *transaction;
    int status;
    MUST(count == 2);
    MUST(mdb_env_create(&environment) == 0);
    MUST(mdb_env_set_mapsize(environment, (size_t)256 << 20) == 0);
    /* Without waiting for the disk: the cost of the engine alone. */
    MUST(mdb_env_open(environment, arguments[1], MDB_NOSYNC | MDB_WRITEMAP, 0600) == 0);
    MUST(mdb_txn_begin(environment, NULL, 0, &transaction) == 0);
    MUST(mdb_dbi_open(transaction, NULL, 0, &table) == 0);
    MUST(mdb_txn_commit(transaction) == 0);
    status = try_engine("LMDB");
    mdb_env_close(environment);
    return status;
}
