/* SPDX-License-Identifier: PostgreSQL */
/* Random events and subscribers, and a model that goes through all events for each question. */
#include "hub/router.h"

#include "base/log.h"

#include "hub.h"

#define EVENTS 6000
#define SUBSCRIBERS 12
#define USERS 5
#define ROLES 3

/* Sets of users and roles as bits. */
struct people {
	uint32_t users, roles;
};

struct happened {
	struct cursor at;
	int topic, name;
	struct people audience, unless;
	bool everyone;
	size_t len;
};

enum match { NOTHING, USER, USER_AND_ROLE };

static const char *const topics[] = {"orders", "stock"};
static const char *const names[] = {"insert", "update", "left", "bulk"};
static const struct shape {
	const char *path, *topics, *match, *events;
	enum match by;
	enum frame_format format;
	uint32_t topic_set, name_set; /* of the tables above */
} shapes[] = {
	{"/all", "orders", NULL, NULL, NOTHING, FRAME_NAMED, 1, 15},
	{"/mine", "orders", "user_id", NULL, USER, FRAME_NAMED, 1, 15},
	{"/both", "orders,stock", "user_id,role", NULL, USER_AND_ROLE, FRAME_NAMED, 3, 15},
	{"/some", "stock,orders", "user_id", "insert", USER, FRAME_MESSAGE, 3, 13},
};

/* One who is open. ready: its socket takes bytes; it is in no list, and is sent to now and then. */
struct client {
	struct subscriber sub;
	const struct shape *shape; /* NULL: not open */
	struct people wanted;
	size_t since; /* number of the event from which on it must get all */
	struct buf got;
	bool ready;
};

static struct happened events[EVENTS];
static size_t event_count, resumed, fallen, checked;
static struct client clients[SUBSCRIBERS];
static struct router router;
static uint32_t seed;

static uint32_t below(uint32_t limit)
{
	return next_random(&seed) % limit;
}

static bool meets(const struct shape *shape, struct people wanted, struct people audience)
{
	return shape->by == NOTHING ||
	       ((wanted.users & audience.users) != 0 &&
		(shape->by == USER || (wanted.roles & audience.roles) != 0));
}

static bool model_sees(const struct client *c, const struct happened *h)
{
	bool has_unless = (h->unless.users | h->unless.roles) != 0;

	if ((c->shape->topic_set >> h->topic & 1) == 0 || (c->shape->name_set >> h->name & 1) == 0)
		return false;
	if (h->everyone)
		return true;
	return meets(c->shape, c->wanted, h->audience) &&
	       !(has_unless && meets(c->shape, c->wanted, h->unless));
}

/* The event's data: a text whose length tells it from its neighbours, inside an object. */
static void write_data(struct buf *out, size_t len)
{
	buf_append_str(out, "{\"d\": \"");
	buf_reserve(out, len);
	memset(out->data + out->len, 'x', len);
	out->len += len;
	buf_append_str(out, "\"}");
}

/* What this client must have got of the events from this number on. */
static void model_bytes(const struct client *c, size_t from, struct buf *out)
{
	struct buf data;

	buf_init(&data);
	for (size_t i = from; i < event_count; i++) {
		const struct happened *h = &events[i];

		if (!model_sees(c, h))
			continue;
		buf_clear(&data);
		write_data(&data, h->len);
		if (data.len > sharedlog_record_max(&router.log)) {
			size_t len = data.len;

			buf_clear(&data);
			buf_appendf(&data, "{\"truncated\": true, \"bytes\": %zu}", len);
		}
		(c->sub.bare ? frame_append_bare : frame_append)(
			out, c->shape->format, &h->at, frame_text(names[h->name]),
			(struct text){data.data, data.len});
	}
	buf_release(&data);
}

static void check(struct client *c)
{
	struct buf expected;

	buf_init(&expected);
	model_bytes(c, c->since, &expected);
	assert_true(c->got.len <= expected.len);
	assert_memory_equal(c->got.data, expected.data, c->got.len);
	if (!c->sub.pending && c->sub.live) {
		assert_int_equal(c->got.len, expected.len);
		c->since = event_count;
		buf_clear(&c->got);
		checked++;
	}
	buf_release(&expected);
}

static size_t put_keys(struct text *items, struct people p)
{
	static const struct text users[USERS] = {T("user_id=0"), T("user_id=1"), T("user_id=2"),
						 T("user_id=33"), T("user_id=3")};
	static const struct text roles[ROLES] = {T("role=a"), T("role=b"), T("role=")};
	size_t count = 0;

	for (size_t i = 0; i < ROLES; i++)
		if (p.roles >> i & 1)
			items[count++] = roles[i];
	items[count++] = T("user=1"); /* nobody's key */
	for (size_t i = 0; i < USERS; i++)
		if (p.users >> i & 1)
			items[count++] = users[i];
	return count;
}

static struct people some_people(void)
{
	return (struct people){below(1 << USERS) & below(1 << USERS),
			       below(1 << ROLES) & below(1 << ROLES)};
}

/* Short, long, or too long; not so long that it is too long only where two formats are in the
 * record. */
static size_t some_length(void)
{
	if (below(200) == 0)
		return sharedlog_record_max(&router.log) + below(50000);
	return below(20) == 0 ? below(60000) : below(300);
}

static void publish(void)
{
	struct text audience[USERS + ROLES + 1], unless[USERS + ROLES + 1];
	struct happened *h = &events[event_count];
	struct event event;
	struct buf data;

	if (event_count == EVENTS)
		return;
	*h = (struct happened){.at = router.head,
			       .topic = (int)below(2),
			       .name = (int)below(4),
			       .audience = some_people(),
			       .everyone = below(40) == 0,
			       .len = some_length()};
	h->at.change = below(3) == 0 ? 1 : h->at.change + 1 + below(3);
	if (h->at.change == 1)
		h->at.tick += below(50) == 0 ? 1000 : 1; /* ids may jump: older cursors are held no more */
	if (h->name == 2)
		h->unless = some_people();
	event_count++;
	buf_init(&data);
	write_data(&data, h->len);
	event = (struct event){.at = h->at,
			       .topic = frame_text(topics[h->topic]),
			       .name = frame_text(names[h->name]),
			       .audience = {audience, put_keys(audience, h->audience)},
			       .everyone = h->everyone,
			       .data = {data.data, data.len}};
	if ((h->unless.users | h->unless.roles) != 0)
		event.unless = (struct keys){unless, put_keys(unless, h->unless)};
	router_publish(&router, &event);
	buf_release(&data);
}

/* As the outlets do once a turn. */
static void take_touched(void)
{
	while (!list_empty(&router.touched)) {
		struct subscriber *sub = list_first(&router.touched, struct subscriber, touched);

		list_remove(&sub->touched);
		container_of(sub, struct client, sub)->ready = true;
	}
}

static void leave(struct client *c)
{
	check(c);
	subscriber_leave(&c->sub);
	c->shape = NULL;
}

static void send_to(struct client *c)
{
	if (subscriber_fell_off(&c->sub, &router.log)) {
		fallen++;
		leave(c);
		return;
	}
	assert_true(!c->sub.pending || c->ready); /* or it would wait for ever */
	if (c->sub.pending)
		send_some(&router, &c->sub, below(4) == 0 ? SIZE_MAX : below(2000), &c->got);
	c->ready = c->sub.pending;
	check(c);
}

/* Opens behind any event, also one that the log does not have any more. */
static void open_client(struct client *c)
{
	struct text keys[USERS + ROLES + 1];
	size_t count, back = below(4) == 0 ? below(1000) : below(30);

	c->shape = &shapes[below(ARRAY_SIZE(shapes))];
	c->sub = (struct subscriber){.bare = below(4) == 0};
	c->wanted = some_people();
	c->ready = false;
	buf_clear(&c->got);
	count = put_keys(keys, c->wanted);
	join(&router, &c->sub, c->shape->path, (struct keys){keys, count});
	for (uint32_t n = below(3); n > 0; n--) /* it waits for a while */
		publish();
	c->since = event_count - (back < event_count ? back : event_count);
	if (c->since > 0 && router_holds(&router, c->sub.stream, FRAME_EVENTS, events[c->since - 1].at)) {
		router_go_live(&router, &c->sub, events[c->since - 1].at);
		resumed++;
	} else {
		c->since = event_count;
		router_go_live(&router, &c->sub, router.head);
	}
}

static void step(void)
{
	struct client *c = &clients[below(SUBSCRIBERS)];
	uint32_t what = below(100);

	if (what < 40) {
		for (uint32_t n = below(5); n > 0; n--)
			publish();
	} else if (what < 45 && c->shape != NULL) {
		leave(c);
	} else if (c->shape == NULL) {
		open_client(c);
	} else {
		send_to(c);
	}
	take_touched();
}

static void run(uint32_t with_seed)
{
	seed = with_seed;
	event_count = 0;
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct stream_def defs[ARRAY_SIZE(shapes)];

		for (size_t d = 0; d <= i; d++) { /* one more each time, those before stay */
			defs[d] = make_def(shapes[d].path, shapes[d].topics, shapes[d].match,
					   shapes[d].events);
			defs[d].format = shapes[d].format;
		}
		define(&router, defs, i + 1);
	}
	while (event_count < EVENTS)
		step();
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		while (clients[i].shape != NULL && clients[i].sub.pending)
			send_to(&clients[i]);
		if (clients[i].shape != NULL)
			leave(&clients[i]);
	}
	assert_true(router.log.head > router.log.cap);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		assert_int_equal(stream_at(&router, shapes[i].path)->index.count, 0);
	router_release(&router);
}

TEST(everyone_gets_the_bytes_that_a_naive_model_says_and_no_others)
{
	log_setup(LOG_ERROR, false);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_init(&clients[i].got);
	for (uint32_t with_seed = 1; with_seed <= 25; with_seed++)
		run(with_seed * 20261122);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		buf_release(&clients[i].got);
	assert_true(resumed > 100 && fallen > 10 && checked > 1000); /* else this proves little */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyone_gets_the_bytes_that_a_naive_model_says_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
