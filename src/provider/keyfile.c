/* SPDX-License-Identifier: PostgreSQL */
#include "provider/keyfile.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* A file that was put in its place has another number. One that was written has another time. */
static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A file that is missing is on its way. */
static void on_time(struct timer *t)
{
	struct keyfile *k = container_of(t, struct keyfile, timer);
	struct stat now;
	bool stays;

	loop_set_timer(k->loop, t, KEYFILE_LOOK_MS);
	if (stat(k->path, &now) != 0)
		return;
	stays = same(&now, &k->seen);
	k->seen = now;
	if (!stays || same(&now, &k->known))
		return;
	k->known = now;
	k->changed(k->ctx);
}

void keyfile_init(struct keyfile *k, struct loop *loop, void (*changed)(void *ctx), void *ctx)
{
	*k = (struct keyfile){.loop = loop, .changed = changed, .ctx = ctx};
	timer_init(&k->timer, on_time);
}

void keyfile_use(struct keyfile *k, const char *path)
{
	keyfile_release(k);
	if (path == NULL)
		return;
	k->path = xstrdup(path);
	if (stat(path, &k->known) != 0)
		k->known = (struct stat){.st_ino = 0};
	k->seen = k->known;
	loop_set_timer(k->loop, &k->timer, KEYFILE_LOOK_MS);
}

void keyfile_release(struct keyfile *k)
{
	loop_stop_timer(k->loop, &k->timer);
	free(k->path);
	k->path = NULL;
}
