#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	UNDEF
	RET

TEXT ·divideByZero(SB), NOSPLIT, $0-24
	MOVQ a+0(FP), AX
	CQO
	MOVQ b+8(FP), CX
	IDIVQ CX
	MOVQ AX, ret+16(FP)
	RET

TEXT ·breakpoint(SB), NOSPLIT, $0-0
	BYTE $0xcc
	RET

// The clock of the vdso, told to write where no memory is.
TEXT ·vdsoFault(SB), NOSPLIT, $256-0
	MOVQ SP, BX
	ANDQ $~15, SP
	MOVL $1, DI
	MOVQ $0xdeadbeef000, SI
	MOVQ runtime·vdsoClockgettimeSym(SB), AX
	CALL AX
	MOVQ BX, SP
	RET
