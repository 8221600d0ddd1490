/* A plugin that has keyviz inside. */
int plugin_is_there(void);
int plugin_is_there(void) { return 1; }
