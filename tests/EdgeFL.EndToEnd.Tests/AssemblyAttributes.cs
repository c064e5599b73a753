// A fleet takes the whole machine for a while: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
