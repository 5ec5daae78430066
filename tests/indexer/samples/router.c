#include <stdio.h>
#include "router.h"

#define SEPARATOR '/'
#define MATCH(a, b) \
    (strcmp(a, b) == 0)

/* One path and what answers it. */
struct route {
    const char *path;
    int (*handler)(void);
};

typedef struct {
    int count;
} table_t;

enum method { GET, HEAD };

// How many routes there are.
int count_routes(const table_t *table);

/**
 * Drop a trailing separator.
 */
static char *
normalize(char *path, int lower)
{
    size_t length = strlen(path);
    if (length && path[length - 1] == SEPARATOR)
        path[length - 1] = '\0';
    return path;
}

#ifdef DEBUG
void dump(struct route *route) {
    printf("%s\n", route->path);
}
#endif

int main(int argc, char **argv) { return 0; }
