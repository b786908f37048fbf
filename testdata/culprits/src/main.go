// Culprits runs one of some small programs, the one that its argument names.
package main

import (
	"fmt"
	"os"
)

func main() {
	programs := map[string]func(){
		"ledger-currency": postEntries, "ledger-account": transferFunds, "ledger-rounding": splitBill,
		"ledger-window": lastStatements, "ledger-refund": refundOrder, "ledger-audit": auditTrail,
		"sched-worker": runShift, "sched-parent": walkTasks, "sched-callback": fireTimers,
		"sched-ring": nextSlot, "sched-done": stopTwice, "sched-quota": sharePerWorker,
		"sched-label": tagJobs, "sched-handler": dispatchSignal, "sched-owner": releaseLease,
		"view-layout": renderPage, "view-cell": fillTable, "view-theme": pickColor,
		"view-header": parseHeaders, "view-slice": pageOf, "view-plugin": loadPlugin,
		"view-cast": describeShape, "view-cursor": moveCursor, "view-template": nestedTemplate,
	}
	run := programs[os.Args[len(os.Args)-1]]
	if run == nil {
		fmt.Println("usage: culprits NAME")
		os.Exit(2)
	}
	run()
}
