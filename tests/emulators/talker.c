/* A sketch that says once that it has started and then once a second that it lives: what a pupil's program may do. */
#include <avr/io.h>
#include <util/delay.h>

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(UCSR0A & _BV(UDRE0)))
			;
		UDR0 = *text;
	}
}

int main(void)
{
	UCSR0A = _BV(U2X0);
	UBRR0 = 16;
	UCSR0B = _BV(TXEN0) | _BV(RXEN0);
	say("started\r\n");
	for (;;) {
		_delay_ms(1000);
		say("alive\r\n");
	}
}
