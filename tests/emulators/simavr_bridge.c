/* An emulated AVR board whose UART 0 is a pty, built on libsimavr; the tests' own.
 *
 *   simavr_bridge [-f LOW,HIGH,EXTENDED,LOCK] MCU HERTZ RESET_ADDRESS FILE.hex...
 *
 * Prints the pty's name, then runs until it is killed. The board is reset when the pty is opened (as DTR does through an
 * Arduino's capacitor) and on SIGUSR1. -f gives the fuses and the lock byte, in hex. Time is real time: a bootloader's
 * watchdog must not win against a slow host.
 */
#include "simavr_board.h"

#include <simavr/avr_uart.h>

static int may_send = 1;
static avr_irq_t *uart_input;
static volatile sig_atomic_t reset_wanted = 0;

static void on_signal(int number)
{
	(void)number;
	reset_wanted = 1;
}

static void on_output(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)param;
	uint8_t byte = (uint8_t)value;
	/* Nobody listens: the byte is lost, as on a wire. A full pty loses it too. */
	if (open_count > 0 && write(master, &byte, 1) != 1)
		return;
}

static void on_xon(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)value;
	(void)param;
	may_send = 1;
}

static void on_xoff(struct avr_irq_t *irq, uint32_t value, void *param)
{
	(void)irq;
	(void)value;
	(void)param;
	may_send = 0;
}

static void reset_board(void)
{
	avr_reset(avr);
	avr_regbit_clear(avr, avr->reset_flags.porf);
	avr_regbit_set(avr, avr->reset_flags.extrf);
	may_send = 1;
}

static void feed(void)
{
	uint8_t byte;
	while (may_send && read(master, &byte, 1) == 1)
		avr_raise_irq(uart_input, byte);
}

int main(int argc, char **argv)
{
	make_board(argc, argv);
	uint32_t flags = 0;
	avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
	flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
	avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
	uart_input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_output, NULL);
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_xon, NULL);
	avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_xoff, NULL);
	open_line();
	signal(SIGUSR1, on_signal);
	printf("%s\n", line_name);
	fflush(stdout);

	reset_board();
	begin_time();
	avr_cycle_count_t next = avr->cycle + TURN_CYCLES;
	for (;;) {
		int state = step();
		if (state == cpu_Done || state == cpu_Crashed) {
			reset_board();
			continue;
		}
		if (avr->cycle < next)
			continue;
		next = avr->cycle + TURN_CYCLES;
		look_at_openings();
		if (was_opened || reset_wanted) {
			was_opened = reset_wanted = 0;
			reset_board();
		}
		feed();
		throttle();
	}
}
