/* An emulated board whose USB is its own chip's (ATmega32U4), with the host's side of the USB, built on libsimavr; the
 * tests' own.
 *
 *   simavr_usb_bridge [-f LOW,HIGH,EXTENDED,LOCK] MCU HERTZ RESET_ADDRESS FILE.hex...
 *
 * Each time the board attaches to the bus it is enumerated, and its serial interface (CDC) gets a pty of its own:
 *
 *   attached /dev/pts/7 2341:8041          from here on the pty may be opened
 *   detached /dev/pts/7                    the pty is gone: who has it open gets EIO
 *
 * What a host tells such a device is told: the line's speed, and DTR, which is raised while the pty is open. SIGUSR1 is
 * the reset button. The board starts as after power-on. Time is real time.
 *
 * libsimavr 1.6 lacks what these firmwares need, done here by the data sheet: VBUS, frames (SOF), the vectors' place
 * (IVSEL), and endpoint numbers above 4, which only ever get cleared.
 */
#include "simavr_board.h"

#include <simavr/avr_usb.h>
#include <simavr/sim_io.h>

enum { MCUCR = 0x55, USBSTA = 0xd9, USBINT = 0xda, UDCON = 0xe0, UDINT = 0xe1, UDIEN = 0xe2, UENUM = 0xe9 };
enum { IVSEL = 1 << 1, DETACH = 1 << 0, VBUS = 1 << 0, SOFI = 1 << 2, GEN_VECTOR = 10, LAST_ENDPOINT = 4 };
enum { IN = 0x80, CLASS_INTERFACE = 0x21, SET_ADDRESS = 5, GET_DESCRIPTOR = 6, SET_CONFIGURATION = 9 };
enum { SET_LINE_CODING = 0x20, SET_CONTROL_LINE_STATE = 0x22, FRAME_US = 1000 };
#define CONTROL_US 500000

static avr_io_write_t select_endpoint;
static void *select_param;
static volatile sig_atomic_t reset_wanted = 0;
static avr_cycle_count_t next_turn, next_frame;
static int ep_in = -1, ep_out = -1, packet = 8, out_size = 16;

static void on_signal(int number)
{
	(void)number;
	reset_wanted = 1;
}

static void on_uenum(struct avr_t *a, avr_io_addr_t addr, uint8_t value, void *param)
{
	(void)param;
	select_endpoint(a, addr, value > LAST_ENDPOINT ? LAST_ENDPOINT : value, select_param);
}

static void raise_general(void)
{
	for (int i = 0; i < avr->interrupts.vector_count; i++)
		if (avr->interrupts.vector[i]->vector == GEN_VECTOR)
			avr_raise_interrupt(avr, avr->interrupts.vector[i]);
}

static int attached(void)
{
	return !(avr->data[UDCON] & DETACH);
}

static void reset_board(int external)
{
	avr_reset(avr);
	avr_regbit_clear(avr, avr->reset_flags.porf);
	avr_regbit_clear(avr, avr->reset_flags.wdrf);
	avr_regbit_set(avr, external ? avr->reset_flags.extrf : avr->reset_flags.porf);
}

/* Let the board run for so long. */
static void run_us(long us)
{
	avr_cycle_count_t end = avr->cycle + (avr_cycle_count_t)us * (avr->frequency / 1000000);
	while (avr->cycle < end) {
		int state = step();
		if (state == cpu_Done || state == cpu_Crashed)
			reset_board(1);
		/* Interrupts of a bootloader go to its own vectors. */
		if (avr->data[MCUCR] & IVSEL && avr->pc < avr->reset_pc)
			avr->pc += avr->reset_pc;
		if (avr->cycle >= next_frame) {
			next_frame = avr->cycle + FRAME_US * (avr->frequency / 1000000);
			if (attached()) {
				avr->data[UDINT] |= SOFI;
				if (avr->data[UDIEN] & SOFI)
					raise_general();
			}
		}
		if (avr->cycle >= next_turn) {
			next_turn = avr->cycle + TURN_CYCLES;
			throttle();
		}
	}
	if (reset_wanted) {
		reset_wanted = 0;
		reset_board(1);
	}
}

/* One packet to or from an endpoint, tried for a while; its length, or -1. */
static int transfer(uint32_t request, int endpoint, uint8_t *data, int size)
{
	for (long waited = 0; waited < CONTROL_US && attached(); waited += 100) {
		struct avr_io_usb packet = {(uint8_t)endpoint, (uint32_t)size, data};
		int result = avr_ioctl(avr, request, &packet);
		if (result == AVR_IOCTL_USB_OK)
			return (int)packet.sz;
		if (result != AVR_IOCTL_USB_NAK)
			return -1;
		run_us(100);
	}
	return -1;
}

/* A control transfer; the number of bytes that came or went, or -1. */
static int control(uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint8_t *data, uint16_t size)
{
	uint8_t setup[8] = {type, request, value & 255, value >> 8, index & 255, index >> 8, size & 255, size >> 8};
	uint8_t none[64];
	int done = 0;
	if (transfer(AVR_IOCTL_USB_SETUP, 0, setup, sizeof setup) < 0)
		return -1;
	run_us(2000);
	while (done < size) {
		uint8_t buffer[64];
		int piece = size - done < packet ? size - done : packet;
		if (type & IN) {
			piece = transfer(AVR_IOCTL_USB_READ, 0, buffer, sizeof buffer);
			if (piece < 0)
				return -1;
			memcpy(data + done, buffer, piece < size - done ? piece : size - done);
		} else if (transfer(AVR_IOCTL_USB_WRITE, 0, data + done, piece) < 0) {
			return -1;
		}
		run_us(200);
		done += piece;
		if (piece < packet)
			break;
	}
	if (transfer(type & IN ? AVR_IOCTL_USB_WRITE : AVR_IOCTL_USB_READ, 0, none, 0) < 0)
		return -1;
	run_us(500);
	return done;
}

/* Bus reset, address, descriptors, configuration; whether the board has a serial interface now. */
static int enumerate(uint8_t *device)
{
	uint8_t config[255];
	packet = 8;
	avr->data[USBSTA] |= VBUS;
	avr->data[USBINT] |= VBUS;
	raise_general();
	run_us(20000);
	avr_ioctl(avr, AVR_IOCTL_USB_RESET, NULL);
	run_us(20000);
	if (control(IN, GET_DESCRIPTOR, 0x0100, 0, device, 8) < 8)
		return 0;
	packet = device[7];
	if (control(0, SET_ADDRESS, 5, 0, NULL, 0) < 0 || control(IN, GET_DESCRIPTOR, 0x0100, 0, device, 18) < 18)
		return 0;
	if (control(IN, GET_DESCRIPTOR, 0x0200, 0, config, 9) < 9)
		return 0;
	int total = config[2] | config[3] << 8;
	if (total > (int)sizeof config || control(IN, GET_DESCRIPTOR, 0x0200, 0, config, (uint16_t)total) < total)
		return 0;
	ep_in = ep_out = -1;
	for (int at = 0; at + 1 < total && config[at]; at += config[at]) {
		if (config[at + 1] != 5 || (config[at + 3] & 3) != 2)
			continue; /* not a bulk endpoint */
		if (config[at + 2] & IN && ep_in < 0)
			ep_in = config[at + 2] & 15;
		if (!(config[at + 2] & IN) && ep_out < 0) {
			ep_out = config[at + 2] & 15;
			out_size = config[at + 4];
		}
	}
	return control(0, SET_CONFIGURATION, config[5], 0, NULL, 0) >= 0 && ep_in >= 0 && ep_out >= 0;
}

static uint32_t line_speed(void)
{
	static const struct { speed_t code; uint32_t baud; } known[] = {
		{B1200, 1200}, {B9600, 9600}, {B57600, 57600}, {B115200, 115200},
	};
	struct termios now;
	if (tcgetattr(master, &now) == 0)
		for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
			if (known[i].code == cfgetospeed(&now))
				return known[i].baud;
	return 115200;
}

/* What stands between the pty and the board's endpoints, until the board leaves the bus. */
static void serve(void)
{
	uint32_t told_speed = 0;
	int told_open = 0, waiting = 0;
	uint8_t out[64], in[64];
	while (attached()) {
		look_at_openings();
		/* Also an opening that is over already was one: a touch may last less than a turn. */
		int is_open = open_count > 0, opened = was_opened && !told_open;
		uint32_t speed = line_speed();
		was_opened = 0;
		if ((opened || told_open) && speed != told_speed) {
			uint8_t coding[7] = {speed & 255, speed >> 8 & 255, speed >> 16, 0, 0, 0, 8};
			told_speed = speed;
			control(CLASS_INTERFACE, SET_LINE_CODING, 0, 0, coding, sizeof coding);
		}
		if (opened)
			control(CLASS_INTERFACE, SET_CONTROL_LINE_STATE, 3, 0, NULL, 0);
		if (!is_open && (opened || told_open))
			control(CLASS_INTERFACE, SET_CONTROL_LINE_STATE, 0, 0, NULL, 0);
		told_open = is_open;
		if (!waiting) {
			ssize_t size = read(master, out, out_size);
			waiting = size > 0 ? (int)size : 0;
		}
		if (waiting) {
			struct avr_io_usb packet = {(uint8_t)ep_out, (uint32_t)waiting, out};
			if (avr_ioctl(avr, AVR_IOCTL_USB_WRITE, &packet) == AVR_IOCTL_USB_OK)
				waiting = 0;
		}
		struct avr_io_usb packet = {(uint8_t)(ep_in | IN), sizeof in, in};
		if (avr_ioctl(avr, AVR_IOCTL_USB_READ, &packet) == AVR_IOCTL_USB_OK && packet.sz && open_count)
			if (write(master, in, packet.sz) < 0)
				errno = 0; /* a full pty loses it */
		run_us(200);
	}
}

int main(int argc, char **argv)
{
	make_board(argc, argv);
	unsigned io = AVR_DATA_TO_IO(UENUM);
	select_endpoint = avr->io[io].w.c;
	select_param = avr->io[io].w.param;
	avr->io[io].w.c = on_uenum;
	signal(SIGUSR1, on_signal);
	reset_board(0);
	begin_time();
	for (;;) {
		uint8_t device[18];
		while (!attached())
			run_us(1000);
		if (!enumerate(device)) {
			fprintf(stderr, "not enumerated\n");
			run_us(100000);
			continue;
		}
		open_line();
		printf("attached %s %02x%02x:%02x%02x\n", line_name, device[9], device[8], device[11], device[10]);
		fflush(stdout);
		serve();
		close(master);
		close(watcher);
		printf("detached %s\n", line_name);
		fflush(stdout);
	}
}
