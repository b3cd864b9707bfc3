/* What our bridges to libsimavr share: the board with its flash and fuses, real time, a pty for its line. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/sim_avr.h>
#include <simavr/sim_hex.h>

/* Between two looks at the line and the clock: 0.25 ms of a board at 16 MHz. */
#define TURN_CYCLES 4000
/* A host that stood still does not make the board hurry after it for longer than this. */
#define MOST_BEHIND_NS 50000000LL

static avr_t *avr;
static unsigned fuses[4] = {0xff, 0xff, 0xff, 0xff}; /* low, high, extended, lock */
static int master = -1, watcher = -1;
static int open_count = 0, was_opened = 0;
static char line_name[256];
static long long begun;
static avr_cycle_count_t first_cycle;

static long long now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Sleeping is left to the throttle: simavr's own would sleep through the line. */
static void no_sleep(struct avr_t *a, avr_cycle_count_t how_long)
{
	(void)a;
	(void)how_long;
}

/* One instruction. libsimavr does not know that LPM gives a fuse or the lock byte, not flash, while BLBSET and SPMEN
 * stand in SPMCSR (data sheets, "Reading the Fuse and Lock Bits from Software"): that is done here, for `lpm rd, Z`.
 */
static int step(void)
{
	const uint8_t spmcsr = 0x57, blbset_spmen = 0x09;
	static const int by_address[4] = {0, 3, 2, 1}; /* Z = 0 low, 1 lock, 2 extended, 3 high */
	if ((avr->data[spmcsr] & blbset_spmen) != blbset_spmen)
		return avr_run(avr);
	uint16_t opcode = avr->flash[avr->pc] | avr->flash[avr->pc + 1] << 8;
	uint16_t z = avr->data[30] | avr->data[31] << 8;
	int state = avr_run(avr);
	if ((opcode & 0xfe0f) == 0x9004 && z < 4)
		avr->data[(opcode >> 4) & 31] = fuses[by_address[z]];
	return state;
}

static void load(const char *path)
{
	ihex_chunk_p chunks = NULL;
	int count = read_ihex_chunks(path, &chunks);
	if (count <= 0) {
		fprintf(stderr, "%s: no Intel HEX\n", path);
		exit(2);
	}
	for (int i = 0; i < count; i++) {
		/* a start-address record shows up as a chunk beyond the flash */
		if (chunks[i].size == 0 || chunks[i].baseaddr + chunks[i].size > avr->flashend + 1)
			continue;
		memcpy(avr->flash + chunks[i].baseaddr, chunks[i].data, chunks[i].size);
	}
	free_ihex_chunks(chunks);
}

/* The board of the command line: [-f LOW,HIGH,EXTENDED,LOCK] MCU HERTZ RESET_ADDRESS FILE.hex... */
static void make_board(int argc, char **argv)
{
	const char *program = argv[0];
	if (argc > 2 && strcmp(argv[1], "-f") == 0) {
		int read = sscanf(argv[2], "%x,%x,%x,%x", &fuses[0], &fuses[1], &fuses[2], &fuses[3]);
		argc = read == 4 ? argc - 2 : 0;
		argv += 2;
	}
	if (argc < 5) {
		fprintf(stderr, "usage: %s [-f LOW,HIGH,EXTENDED,LOCK] MCU HERTZ RESET_ADDRESS FILE.hex...\n", program);
		exit(2);
	}
	avr = avr_make_mcu_by_name(argv[1]);
	if (!avr) {
		fprintf(stderr, "unknown MCU %s\n", argv[1]);
		exit(2);
	}
	avr_init(avr);
	avr->log = LOG_NONE;
	avr->frequency = (uint32_t)strtoul(argv[2], NULL, 0);
	avr->reset_pc = avr->pc = (avr_flashaddr_t)strtoul(argv[3], NULL, 0);
	avr->codeend = avr->flashend;
	avr->sleep = no_sleep;
	memset(avr->flash, 0xff, avr->flashend + 1);
	for (int i = 4; i < argc; i++)
		load(argv[i]);
}

static void begin_time(void)
{
	begun = now_ns();
	first_cycle = avr->cycle;
}

/* Wait until real time has come as far as the board's. */
static void throttle(void)
{
	long long board = (long long)(avr->cycle - first_cycle) * 1000000000LL / avr->frequency;
	long long ahead = board - (now_ns() - begun);
	if (ahead > 1000000LL) {
		struct timespec pause = {ahead / 1000000000LL, ahead % 1000000000LL};
		nanosleep(&pause, NULL);
	} else if (ahead < -MOST_BEHIND_NS) {
		begun -= ahead;
	}
}

/* A new pty: `master`, `line_name`, and `watcher`, which sees it being opened and closed. */
static void open_line(void)
{
	int slave;
	struct termios raw;
	if (openpty(&master, &slave, line_name, NULL, NULL) < 0) {
		perror("openpty");
		exit(2);
	}
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	close(slave);
	fcntl(master, F_SETFL, O_NONBLOCK);
	watcher = inotify_init1(IN_NONBLOCK);
	if (watcher < 0 || inotify_add_watch(watcher, line_name, IN_OPEN | IN_CLOSE) < 0) {
		perror("inotify");
		exit(2);
	}
	open_count = was_opened = 0;
}

/* Who has the line open; `was_opened` where somebody opened it that was closed. */
static void look_at_openings(void)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t size;
	while ((size = read(watcher, buffer, sizeof buffer)) > 0) {
		for (char *at = buffer; at < buffer + size;) {
			struct inotify_event *event = (struct inotify_event *)at;
			if (event->mask & IN_OPEN) {
				if (open_count++ == 0)
					was_opened = 1;
			}
			if (event->mask & IN_CLOSE && open_count > 0)
				open_count--;
			at += sizeof(struct inotify_event) + event->len;
		}
	}
}
