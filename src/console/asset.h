/* SPDX-License-Identifier: PostgreSQL */
/* asset.h: the files of the console's page, which are inside the program. */
#ifndef CONSOLE_ASSET_H
#define CONSOLE_ASSET_H

struct asset {
	const char *path, *type;
	const char *text; /* with a NUL after it */
};

/* NULL if there is no file at this path of the admin address. */
const struct asset *asset_find(const char *path);

#endif
