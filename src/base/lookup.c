/* SPDX-License-Identifier: PostgreSQL */
#include "base/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/xalloc.h"

/* Threads leave their answers here. When the loop has gone, the last thread frees it. */
struct lookup_post {
	pthread_mutex_t lock; /* guards all that follows */
	struct list done;     /* of struct errand */
	int event_fd;
	size_t out;
	bool closed;
};

/* Belongs to one thread until its answer is taken. */
struct errand {
	struct list link;
	struct lookup_post *post;
	char *name, *addresses[LOOKUP_ADDRESSES_MAX];
	size_t count;
	const char *error;
};

/* Exists as long as somebody waits for the name or a thread is out for it. */
struct lookup_name {
	char *name;
	struct list waiting; /* of struct lookup */
	size_t out;
	int64_t asked_ms;
	bool told; /* the log has said that all threads hang */
};

/* --- the thread --- */

static void free_errand(struct errand *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->addresses[i]);
	free(e->name);
	free(e);
}

static void free_post(struct lookup_post *post)
{
	pthread_mutex_destroy(&post->lock);
	close(post->event_fd);
	free(post);
}

static void note_address(struct errand *e, const struct addrinfo *a)
{
	char text[NI_MAXHOST];

	if (e->count < LOOKUP_ADDRESSES_MAX &&
	    getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) ==
		    0)
		e->addresses[e->count++] = xstrdup(text);
}

/* Asks as libpq does. */
static void ask(struct errand *e)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
	int error = getaddrinfo(e->name, NULL, &hints, &found);

	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next)
		note_address(e, a);
	if (found != NULL)
		freeaddrinfo(found);
	e->error = gai_strerror(error != 0 ? error : EAI_NONAME);
}

/* Called with the lock. Leaves the answer and wakes the loop. */
static void deliver(struct errand *e)
{
	list_append(&e->post->done, &e->link);
	(void)!write(e->post->event_fd, &(uint64_t){1}, sizeof(uint64_t));
}

static void *run(void *ctx)
{
	struct errand *e = ctx;
	struct lookup_post *post = e->post;
	bool last;

	ask(e);
	pthread_mutex_lock(&post->lock);
	post->out--;
	if (post->closed)
		free_errand(e);
	else
		deliver(e);
	last = post->closed && post->out == 0;
	pthread_mutex_unlock(&post->lock);
	if (last)
		free_post(post);
	return NULL;
}

/* The thread takes no signals, which are the loop's. */
static bool begin_thread(struct errand *e)
{
	sigset_t all, before;
	pthread_t thread;
	bool begun;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	begun = pthread_create(&thread, NULL, run, e) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (begun)
		pthread_detach(thread);
	return begun;
}

/* --- names --- */

static void send_out(struct lookup_post *post, struct lookup_name *n, int64_t now_ms)
{
	struct errand *e = xcalloc(1, sizeof(*e));

	e->post = post;
	e->name = xstrdup(n->name);
	n->out++;
	n->asked_ms = now_ms;
	pthread_mutex_lock(&post->lock);
	post->out++;
	pthread_mutex_unlock(&post->lock);
	if (begin_thread(e))
		return;
	e->error = "no thread can be made to look it up";
	pthread_mutex_lock(&post->lock);
	post->out--;
	deliver(e);
	pthread_mutex_unlock(&post->lock);
}

/* Returns how long to wait for the last of this many threads. */
static int64_t patience_ms(size_t out)
{
	int64_t wait = LOOKUP_AGAIN_MS;

	for (; out > 1 && wait < LOOKUP_AGAIN_MOST_MS; out--)
		wait *= 2;
	return wait < LOOKUP_AGAIN_MOST_MS ? wait : LOOKUP_AGAIN_MOST_MS;
}

/* Threads that are out may never come back, so another one is due after a while. */
static bool is_due(const struct lookup_name *n, int64_t now_ms)
{
	return n->out == 0 ||
	       (n->out < LOOKUP_THREADS_MAX && now_ms - n->asked_ms >= patience_ms(n->out));
}

/* Logs this once, until an answer comes. */
static void complain_of_hanging(struct lookup_name *n)
{
	if (n->out < LOOKUP_THREADS_MAX || n->told)
		return;
	n->told = true;
	log_error("the system's resolver has answered none of %d lookups of '%s', and hangs: no "
		  "more are made until one comes back. Look at DNS and"
		  " nsswitch.conf, then restart pgherald",
		  LOOKUP_THREADS_MAX, n->name);
}

static struct lookup_name *find(struct lookups *set, const char *name)
{
	struct lookup_name *n = strmap_get(&set->names, name, strlen(name));

	if (n != NULL)
		return n;
	n = xcalloc(1, sizeof(*n));
	n->name = xstrdup(name);
	list_init(&n->waiting);
	strmap_put(&set->names, n->name, strlen(n->name), n);
	return n;
}

static void forget(struct lookups *set, struct lookup_name *n)
{
	strmap_remove(&set->names, n->name, strlen(n->name));
	free(n->name);
	free(n);
}

static void answer(struct lookup *l, const struct errand *e)
{
	list_remove(&l->link);
	for (size_t i = 0; i < e->count; i++)
		l->addresses[i] = xstrdup(e->addresses[i]);
	l->count = e->count;
	l->error = e->error;
	l->found(l);
}

/* A lookup that starts again in found() waits for the next answer. */
static void take(struct lookups *set, struct errand *e)
{
	struct lookup_name *n = find(set, e->name);
	struct list now;

	n->out--;
	n->told = false;
	list_init(&now);
	list_splice(&now, &n->waiting);
	while (!list_empty(&now))
		answer(list_first(&now, struct lookup, link), e);
	if (n->out == 0 && list_empty(&n->waiting))
		forget(set, n);
	free_errand(e);
}

void lookups_take(struct lookups *set)
{
	struct list done;
	uint64_t count;

	list_init(&done);
	(void)!read(set->post->event_fd, &count, sizeof(count));
	pthread_mutex_lock(&set->post->lock);
	list_splice(&done, &set->post->done);
	pthread_mutex_unlock(&set->post->lock);
	while (!list_empty(&done)) {
		struct errand *e = list_first(&done, struct errand, link);

		list_remove(&e->link);
		take(set, e);
	}
}

/* --- life --- */

bool lookups_init(struct lookups *set)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	strmap_init(&set->names);
	set->post = NULL;
	if (fd == -1)
		return false;
	set->post = xcalloc(1, sizeof(*set->post));
	pthread_mutex_init(&set->post->lock, NULL);
	list_init(&set->post->done);
	set->post->event_fd = fd;
	return true;
}

void lookups_release(struct lookups *set)
{
	struct lookup_post *post = set->post;
	bool last;

	strmap_each (struct lookup_name, n, &set->names) {
		free(n->name);
		free(n);
	}
	strmap_release(&set->names);
	if (post == NULL)
		return;
	pthread_mutex_lock(&post->lock);
	list_each (node, tmp, &post->done)
		free_errand(container_of(node, struct errand, link));
	post->closed = true;
	last = post->out == 0;
	pthread_mutex_unlock(&post->lock);
	if (last)
		free_post(post);
	set->post = NULL;
}

int lookups_fd(const struct lookups *set)
{
	return set->post->event_fd;
}

void lookup_init(struct lookup *l, void (*found)(struct lookup *l))
{
	*l = (struct lookup){.found = found};
	list_node_init(&l->link);
}

void lookup_start(struct loop *loop, struct lookup *l, const char *name)
{
	struct lookup_name *n = find(&loop->lookups, name);

	lookup_stop(l);
	list_append(&n->waiting, &l->link);
	if (is_due(n, loop->now_ms))
		send_out(loop->lookups.post, n, loop->now_ms);
	complain_of_hanging(n);
}

void lookup_stop(struct lookup *l)
{
	list_remove(&l->link);
	for (size_t i = 0; i < l->count; i++)
		free(l->addresses[i]);
	l->count = 0;
}

bool lookup_is_number(const char *host)
{
	/* The interface of a link-local address does not count. */
	char *address = xstrndup(host, strcspn(host, "%"));
	unsigned char bytes[sizeof(struct in6_addr)];
	bool is =
		inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;

	free(address);
	return is;
}
