/* SPDX-License-Identifier: PostgreSQL */
/*
 * keyfile.h: notices that the file with the keys has been replaced or written, as by a sidecar,
 * cron or a mounted secret. It looks each KEYFILE_LOOK_MS. What has changed counts when it is the
 * same at the next look, so that a file is not read while it is being written.
 */
#ifndef PROVIDER_KEYFILE_H
#define PROVIDER_KEYFILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/loop.h"

#define KEYFILE_LOOK_MS 2000

struct keyfile {
	struct loop *loop; /* borrowed */
	/* The file is another one now, and can be read. */
	void (*changed)(void *ctx);
	void *ctx;
	struct timer timer;
	char *path;              /* owned; NULL if there is none */
	struct stat known, seen; /* as it was taken, and at the last look */
};

void keyfile_init(struct keyfile *k, struct loop *loop, void (*changed)(void *ctx), void *ctx);
/* Watches this file from now on, as it is now. NULL means none. The path is copied. */
void keyfile_use(struct keyfile *k, const char *path);
void keyfile_release(struct keyfile *k);

#endif
