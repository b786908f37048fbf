# bash completion of gocrash; made by scripts/generate-docs
_gocrash() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W 'analyze traceback goroutines stack list locals args globals print whatis deferred threads regs mem disasm funcs types sources info packages libraries doctor shell --help --version' -- "$word"))
        return
    fi
    case ${COMP_WORDS[1]}:$before in
        analyze:--format) COMPREPLY=($(compgen -W 'text json markdown traceback' -- "$word")); return ;;
        analyze:--expect-class) COMPREPLY=($(compgen -W 'nil_dereference nil_map_write index_out_of_range slice_bounds slice_to_array type_assertion divide_by_zero negative_shift make_size unhashable_key uncomparable_values close_closed_channel close_nil_channel send_closed_channel negative_waitgroup mutex_misuse concurrent_map deadlock goexit_deadlock stack_overflow out_of_memory thread_limit invalid_address cgo_crash cgo_pointer_rule explicit_panic nil_panic external_signal runtime_fault live unknown' -- "$word")); return ;;
        analyze:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        traceback:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        traceback:--level) COMPREPLY=($(compgen -W 'single all system' -- "$word")); return ;;
        traceback:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        goroutines:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        goroutines:--status) COMPREPLY=($(compgen -W 'idle runnable running syscall waiting dead copystack preempted leaked' -- "$word")); return ;;
        goroutines:--with) COMPREPLY=($(compgen -W 'user running waiting userloc= curloc= goloc= startloc= label= chan=' -- "$word")); return ;;
        goroutines:--without) COMPREPLY=($(compgen -W 'user running waiting userloc= curloc= goloc= startloc= label= chan=' -- "$word")); return ;;
        goroutines:--loc) COMPREPLY=($(compgen -W 'userloc curloc goloc startloc' -- "$word")); return ;;
        goroutines:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        stack:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        stack:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        list:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        list:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        locals:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        locals:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        args:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        args:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        globals:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        globals:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        print:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        print:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        whatis:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        whatis:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        deferred:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        deferred:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        threads:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        threads:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        regs:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        regs:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        mem:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        mem:--size) COMPREPLY=($(compgen -W '1 2 4 8' -- "$word")); return ;;
        mem:--base) COMPREPLY=($(compgen -W 'hex dec oct bin raw' -- "$word")); return ;;
        mem:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        disasm:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        disasm:--flavor) COMPREPLY=($(compgen -W 'intel gnu' -- "$word")); return ;;
        disasm:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        funcs:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        funcs:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        types:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        types:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        sources:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        sources:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        info:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        info:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        packages:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        packages:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        libraries:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        libraries:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
        doctor:--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
        shell:--flavor) COMPREPLY=($(compgen -W 'intel gnu' -- "$word")); return ;;
        shell:--color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    esac
    case ${COMP_WORDS[1]} in
        analyze) options='--format --full --max-goroutines --max-depth --max-items --max-string --strict --expect-signature --expect-class --stable --max-size --source-map --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        traceback) options='--format --level --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        goroutines) options='--format --goroutine --frame --status --wait --function --label --created-by --longer-than --with --without --group --loc --stack --max-frames --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        stack) options='--format --goroutine --all --full --offsets --max-depth --max-items --max-string --max-frames --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        list) options='--format --goroutine --frame --lines --source-map --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        locals) options='--format --goroutine --frame --full --max-depth --max-items --max-string --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        args) options='--format --goroutine --frame --full --max-depth --max-items --max-string --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        globals) options='--format --full --max-depth --max-items --max-string --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        print) options='--format --goroutine --frame --max-depth --max-items --max-string --verb --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        whatis) options='--format --goroutine --frame --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        deferred) options='--format --goroutine --frame --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        threads) options='--format --full --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        regs) options='--format --goroutine --thread --all --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        mem) options='--format --goroutine --frame --size --base --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        disasm) options='--format --goroutine --frame --flavor --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        funcs) options='--format --full --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        types) options='--format --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        sources) options='--format --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        info) options='--format --stable --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        packages) options='--format --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        libraries) options='--format --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
        doctor) options='--format --root --pid --help' ;;
        shell) options='--max-depth --max-items --max-string --lines --flavor --command --source-map --sysroot --debug-dir --debug-file --max-core-size --force --last --root --pid --output --color --no-pager --redact --no-redact --help' ;;
    esac
    case $word in
        -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
        *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
}
complete -o filenames -F _gocrash gocrash
